//! Made-up inputs: bytes of any kind, and good ones with something wrong.

use proptest::collection::vec;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::strategy::{BoxedStrategy, Strategy};
use serde_json::{Value, json};

/// A place, as a fraction of whatever it is a place in.
type Place = u16;

/// One thing done to good bytes.
#[derive(Clone, Debug)]
enum Harm {
    Cut(Place),
    Delete(Place, u8),
    Insert(Place, Vec<u8>),
    Repeat(Place, u8),
    Replace(Place, u8),
}

/// Bytes of any kind, of which many mean something to JSON or to event streams.
pub fn bytes() -> BoxedStrategy<Vec<u8>> {
    let word = prop_oneof![
        4 => any::<u8>().prop_map(|byte| vec![byte]),
        4 => proptest::sample::select(&b"{}[]:,\"\\ \n\r\tu0123456789eE+-.dat"[..]).prop_map(|byte| vec![byte]),
        2 => proptest::sample::select(vec![
            "data: ", "event: ", "\n\n", "\r\n\r\n", "[DONE]", "\u{feff}", "null", "true", "\"model\":\"gpt\"",
            "\"messages\":[", "\\ud83d", "\\u0000", "{\"choices\":[", "1e999", "\"usage\":{", "\"error\":",
        ]).prop_map(|word| word.as_bytes().to_vec()),
    ];
    vec(word, 0..60).prop_map(|words| words.concat()).boxed()
}

/// One of these texts, with up to `most` things done to its bytes.
pub fn harmed(texts: Vec<String>, most: usize) -> BoxedStrategy<Vec<u8>> {
    (proptest::sample::select(texts), vec(harm(), 0..=most))
        .prop_map(|(text, harms)| {
            let mut bytes = text.into_bytes();
            harms.iter().for_each(|harm| harm.apply(&mut bytes));
            bytes
        })
        .boxed()
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = any::<Place>;
    prop_oneof![
        1 => place().prop_map(Harm::Cut),
        4 => (place(), any::<u8>()).prop_map(|(place, length)| Harm::Delete(place, length % 8)),
        4 => (place(), bytes()).prop_map(|(place, bytes)| Harm::Insert(place, bytes)),
        2 => (place(), any::<u8>()).prop_map(|(place, length)| Harm::Repeat(place, length)),
        4 => (place(), any::<u8>()).prop_map(|(place, byte)| Harm::Replace(place, byte)),
    ]
}

impl Harm {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Cut(place) => bytes.truncate(at(*place, bytes.len())),
            Self::Delete(place, length) => {
                let from = at(*place, bytes.len());
                let to = bytes.len().min(from + usize::from(*length));
                bytes.drain(from..to);
            }
            Self::Insert(place, more) => {
                let from = at(*place, bytes.len());
                bytes.splice(from..from, more.iter().copied());
            }
            Self::Repeat(place, length) => {
                let from = at(*place, bytes.len());
                let to = bytes.len().min(from + usize::from(*length));
                let again = bytes[from..to].to_vec();
                bytes.splice(from..from, again);
            }
            Self::Replace(place, byte) => {
                let from = at(*place, bytes.len());
                if let Some(old) = bytes.get_mut(from) {
                    *old = *byte;
                }
            }
        }
    }
}

fn at(place: Place, length: usize) -> usize {
    usize::from(place) * length / usize::from(Place::MAX)
}

/// One of these documents, with up to `most` of its values replaced by, or swapped for, others.
pub fn twisted(documents: Vec<Value>, most: usize) -> BoxedStrategy<Value> {
    let twists = vec((any::<Place>(), odd()), 0..=most);
    (proptest::sample::select(documents), twists)
        .prop_map(|(mut document, twists)| {
            for (place, other) in twists {
                let mut left = at(place, count(&document).saturating_sub(1));
                replace(&mut document, &mut left, &other);
            }
            document
        })
        .boxed()
}

/// A value where another is expected.
pub fn odd() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
        proptest::sample::select(vec![
            "",
            "text",
            "image_url",
            "tool",
            "assistant",
            "system",
            "user",
            "function",
            "data:image/png;base64,AAAA",
            "{}",
            "tool_use",
            "thinking",
            "os.environ/NAME",
            "high",
            "auto",
            "error",
            "message_stop",
            "http://x.example",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let names = proptest::sample::select(vec![
            "type", "text", "role", "content", "id", "name", "function", "index", "usage", "error",
            "",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((names, inner), 0..3).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
    .boxed()
}

/// How many values a document has, itself and members' included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Replaces the value before which `left` others stand; one in an object may go altogether.
fn replace(value: &mut Value, left: &mut usize, other: &Value) -> bool {
    if *left == 0 {
        *value = other.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, left, other)),
        Value::Object(members) => {
            let first = members.keys().next().cloned();
            if let Some(first) = first.filter(|_| *left == 0 && other.is_null()) {
                members.shift_remove(&first);
                return true;
            }
            members.values_mut().any(|item| replace(item, left, other))
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

/// Sizes of the parts that bytes come in.
pub fn cuts() -> BoxedStrategy<Vec<usize>> {
    vec(prop_oneof![0..4usize, 0..200usize], 0..40).boxed()
}

/// The bytes in parts of these sizes, and the rest.
pub fn parts<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut parts = Vec::new();
    for size in sizes {
        let (part, more) = rest.split_at((*size).min(rest.len()));
        parts.push(part);
        rest = more;
    }
    parts.push(rest);
    parts
}
