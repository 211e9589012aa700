//! The reader and the editor of JSON objects, compared with `serde_json`.

use dragoman::wire::json::{Fault, Members, Splice};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Strategy;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use wasm_tests::golden;

use crate::always;
use crate::mutate::{bytes, harmed, odd, twisted};

/// Whether `serde_json` takes it for an object. It is asked for a raw value, since for others it refuses lone surrogates
/// and numbers that fit no `f64`, which are JSON.
fn is_object(json: &[u8]) -> bool {
    let object = json.trim_ascii_start().first() == Some(&b'{');
    object && serde_json::from_slice::<&RawValue>(json).is_ok()
}

#[test]
fn what_is_an_object_is_what_serde_json_says() {
    let texts = golden::texts(".json").into_iter().map(str::to_owned);
    let values = prop_oneof![
        bytes(),
        bytes().prop_map(in_a_string),
        harmed(texts.collect(), 3)
    ];
    always(4000, values, |json| match Members::read(&json) {
        Ok(_) => assert!(is_object(&json), "taken: {}", json.escape_ascii()),
        // Nesting is bounded here and not there.
        Err(Fault::Deep { .. }) => {}
        Err(_) => assert!(!is_object(&json), "refused: {}", json.escape_ascii()),
    });
}

/// Bytes where a string is expected.
fn in_a_string(bytes: Vec<u8>) -> Vec<u8> {
    [b"{\"a\":\"", bytes.as_slice(), b"\"}"].concat()
}

#[test]
fn members_are_what_serde_json_finds() {
    let documents = golden::texts(".request.json")
        .into_iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    always(500, twisted(documents, 5), |document: Value| {
        let Value::Object(expected) = &document else {
            return;
        };
        let json = serde_json::to_vec_pretty(&document).unwrap();
        let members = Members::read(&json).unwrap();
        let found: Map<String, Value> = members
            .iter()
            .map(|member| {
                let value = serde_json::from_slice(member.value).unwrap();
                (member.key.decode().into_owned(), value)
            })
            .collect();
        assert_eq!(&found, expected);
        for name in expected.keys() {
            assert!(members.get(name).is_some(), "{name}");
        }
    });
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    Keep,
    Remove,
    Rename,
    Replace,
}

#[test]
fn edits_do_what_they_say_and_nothing_else() {
    let member = (
        any::<String>(),
        odd(),
        proptest::sample::select(vec![Edit::Keep, Edit::Remove, Edit::Rename, Edit::Replace]),
    );
    let values = (vec(member, 0..8), any::<bool>(), any::<bool>());
    always(2000, values, |(list, pretty, adds)| {
        let object: Map<String, Value> = list
            .iter()
            .map(|(name, value, _)| (name.clone(), value.clone()))
            .collect();
        let json = if pretty {
            serde_json::to_vec_pretty(&object)
        } else {
            serde_json::to_vec(&object)
        };
        let json = json.unwrap();
        let members = Members::read(&json).unwrap();
        let mut splice = Splice::new(&json, &members);
        let mut expected: Vec<(String, Value)> = Vec::new();
        if adds {
            splice.add("new", b"[1]");
            expected.push(("new".to_owned(), serde_json::json!([1])));
        }
        for (at, (name, value)) in object.iter().enumerate() {
            let member = members.get(name).unwrap();
            match list[at % list.len()].2 {
                Edit::Keep => expected.push((name.clone(), value.clone())),
                Edit::Remove => splice.remove(member),
                Edit::Rename => {
                    let other = format!("other-{at}");
                    splice.rename(member, &other);
                    expected.push((other, value.clone()));
                }
                Edit::Replace => {
                    splice.replace(member, b"{\"x\":0}".to_vec());
                    expected.push((name.clone(), serde_json::json!({"x": 0})));
                }
            }
        }
        let edited = splice.apply().unwrap_or_else(|| json.clone());
        let found = Members::read(&edited).unwrap();
        let found: Vec<(String, Value)> = found
            .iter()
            .map(|member| {
                let value = serde_json::from_slice(member.value).unwrap();
                (member.key.decode().into_owned(), value)
            })
            .collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(&edited));
    });
}
