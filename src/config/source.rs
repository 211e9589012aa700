//! The plugin configuration's bytes made into one `Value`: JSON text (a `StringValue` arrives as its text), or a serialised
//! `google.protobuf.Struct`, which operators get by writing plain YAML in Envoy's own file.

use core::fmt;

use prost::Message;
use prost_types::value::Kind;
use prost_types::{Struct, Value as Field};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::faults::{Fault, Trouble};
use super::path::Path;

/// Reads a plugin configuration.
///
/// # Errors
/// When it is empty, or neither JSON text nor a Struct, or nested deeper than about a hundred levels.
pub fn from_bytes(bytes: &[u8]) -> Result<Value, Fault> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return Err(at_root(Trouble::Empty));
    }
    match serde_json::from_slice::<Unique>(text) {
        Ok(Unique(value)) => Ok(value),
        Err(error) => from_struct(bytes, &error),
    }
}

/// A Struct begins with a line feed (field 1, length-delimited), which JSON skips, and then has bytes JSON cannot have.
fn from_struct(bytes: &[u8], json: &serde_json::Error) -> Result<Value, Fault> {
    let looks_like_text = core::str::from_utf8(bytes)
        .is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()));
    if looks_like_text {
        return Err(at_root(Trouble::Json(json.to_string())));
    }
    let fields = Struct::decode(bytes).map_err(|_| at_root(Trouble::Bytes))?;
    section(fields, &Path::root())
}

const fn at_root(trouble: Trouble) -> Fault {
    Fault {
        at: Path::root(),
        trouble,
    }
}

/// Prost refuses to decode what is nested deeper than 100 messages, so this recursion is bounded.
fn section(fields: Struct, at: &Path) -> Result<Value, Fault> {
    let members = fields.fields.into_iter().map(|(key, field)| {
        let value = value(field, &at.key(&key))?;
        Ok((key, value))
    });
    members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn value(field: Field, at: &Path) -> Result<Value, Fault> {
    Ok(match field.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(flag)) => Value::Bool(flag),
        Some(Kind::ListValue(list)) => {
            let items = list
                .values
                .into_iter()
                .enumerate()
                .map(|(index, field)| value(field, &at.index(index)));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Some(Kind::NumberValue(number)) => Value::Number(exact(number, at)?),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::StructValue(fields)) => section(fields, at)?,
    })
}

/// Whole numbers stay whole: a Struct has only floats.
fn exact(number: f64, at: &Path) -> Result<Number, Fault> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
    let whole = is_whole
        .then(|| format!("{number:.0}").parse::<i64>().ok())
        .flatten()
        .map(Number::from);
    let finite = || Fault {
        at: at.clone(),
        trouble: Trouble::Range("a finite number"),
    };
    whole
        .or_else(|| Number::from_f64(number))
        .ok_or_else(finite)
}

/// A JSON value in which no object has a key twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Unique(value))) = members.next_entry::<String, Unique>()? {
            if map.contains_key(&key) {
                return Err(de::Error::custom(format_args!(
                    "the key `{key}` is there twice"
                )));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// The bytes Envoy would send for a Struct with this content.
    pub fn encode(value: &Value) -> Vec<u8> {
        match field(value).kind {
            Some(Kind::StructValue(fields)) => fields.encode_to_vec(),
            _ => panic!("not an object"),
        }
    }

    fn field(value: &Value) -> Field {
        let kind = match value {
            Value::Array(items) => Kind::ListValue(prost_types::ListValue {
                values: items.iter().map(field).collect(),
            }),
            Value::Bool(flag) => Kind::BoolValue(*flag),
            Value::Null => Kind::NullValue(0),
            Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
            Value::Object(members) => Kind::StructValue(Struct {
                fields: members
                    .iter()
                    .map(|(key, value)| (key.clone(), field(value)))
                    .collect(),
            }),
            Value::String(text) => Kind::StringValue(text.clone()),
        };
        Field { kind: Some(kind) }
    }

    fn fault(bytes: &[u8]) -> String {
        from_bytes(bytes).unwrap_err().to_string()
    }

    #[test]
    fn json_text_and_struct_mean_the_same() {
        let value = json!({"a": [1, 2.8e-07, -3, true, null, "ž\n"], "b": {"c": {}}});
        assert_eq!(from_bytes(value.to_string().as_bytes()), Ok(value.clone()));
        assert_eq!(from_bytes(&encode(&value)), Ok(value));
    }

    #[test]
    fn a_struct_s_whole_numbers_stay_whole_and_others_keep_their_digits() {
        let value = from_bytes(&encode(&json!({"n": [3, 1e15, 0.1, 2.8e-07, 1e300, 0]}))).unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"n":[3,1000000000000000,0.1,2.8e-7,1e+300,0]}"#
        );
    }

    #[test]
    fn a_struct_of_any_length_is_told_from_json() {
        for length in 0..300 {
            let value = json!({ "k": "x".repeat(length) });
            assert_eq!(from_bytes(&encode(&value)), Ok(value), "{length}");
        }
    }

    #[test]
    fn nothing_is_a_fault() {
        for nothing in [&b""[..], b" \n", b"\xef\xbb\xbf"] {
            assert_eq!(fault(nothing), "configuration: empty");
        }
    }

    #[test]
    fn what_is_not_json_says_where() {
        assert_eq!(
            fault(b"{\n \"a\": }"),
            "configuration: not valid JSON: expected value at line 2 column 7"
        );
        assert_eq!(
            fault(b"model_list: []"),
            "configuration: not valid JSON: expected value at line 1 column 1"
        );
        assert_eq!(
            fault(b"\xff\xff\xff"),
            "configuration: neither JSON text nor a google.protobuf.Struct"
        );
    }

    #[test]
    fn a_key_given_twice_is_a_fault() {
        assert_eq!(
            fault(br#"{"a":{"b":1,"b":2}}"#),
            "configuration: not valid JSON: the key `b` is there twice at line 1 column 18"
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(100_000);
        assert!(
            fault(deep.as_bytes()).contains("recursion limit"),
            "{}",
            fault(deep.as_bytes())
        );
        let mut bytes = Vec::new();
        for _ in 0..2_000 {
            let inner = bytes;
            bytes = Vec::new();
            let entry = [
                &[0x0a, 1, b'k', 0x12][..],
                &message(&message_field(0x2a, &inner)),
            ]
            .concat();
            bytes.extend(message_field(0x0a, &entry));
        }
        assert_eq!(
            fault(&bytes),
            "configuration: neither JSON text nor a google.protobuf.Struct"
        );
    }

    fn message(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        prost::encoding::encode_varint(bytes.len() as u64, &mut out);
        out.extend(bytes);
        out
    }

    fn message_field(tag: u8, bytes: &[u8]) -> Vec<u8> {
        [&[tag][..], &message(bytes)].concat()
    }
}
