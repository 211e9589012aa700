//! Signatures of Google's that travel in ids of calls: no other vendor is sent them.

use core::ops::Range;

use crate::canonical::signature;
use crate::wire::json::{Fault, Member, Reader, quote};

/// The ids in `messages` that carry a signature: where each stands in the value, and the id alone, as JSON.
pub(super) fn marked(messages: &Member<'_>) -> Vec<(Range<usize>, Vec<u8>)> {
    let mut found = Vec::new();
    if memchr::memmem::find(messages.value, signature::MARK.as_bytes()).is_none() {
        return found;
    }
    let read = Reader::new(messages.value).array(|reader, _| {
        reader.optional_object(|reader, key| {
            if key.is("tool_call_id") {
                return id(reader, &mut found);
            }
            if !key.is("tool_calls") {
                return reader.ignore();
            }
            reader.optional_array(|reader, _| {
                reader.optional_object(|reader, key| {
                    if key.is("id") {
                        return id(reader, &mut found);
                    }
                    reader.ignore()
                })?;
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    });
    if read.is_err() {
        found.clear();
    }
    found
}

fn id(reader: &mut Reader<'_>, found: &mut Vec<(Range<usize>, Vec<u8>)>) -> Result<(), Fault> {
    let value = reader.skip()?;
    let end = reader.at();
    if let Ok(text) = Reader::new(value).string() {
        let text = text.decode();
        if let (id, Some(_)) = signature::split(&text) {
            found.push((end.saturating_sub(value.len())..end, quote(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::{Members, Splice};

    fn cleaned(messages: &str) -> String {
        let json = format!(r#"{{"messages":{messages}}}"#);
        let members = Members::read(json.as_bytes()).unwrap();
        let member = members.get("messages").unwrap();
        let mut splice = Splice::new(json.as_bytes(), &members);
        for (place, id) in marked(member) {
            splice.replace_within(member, place, id);
        }
        let edited = splice
            .apply()
            .map(|bytes| String::from_utf8(bytes).unwrap());
        edited.unwrap_or(json)
    }

    #[test]
    fn ids_lose_their_signatures_wherever_a_call_is_named() {
        assert_eq!(
            cleaned(
                r#"[{"role":"assistant","tool_calls":[{"id": "c1__thought__Q2==","function":{"name":"f"}},{"id":"c2"}]},
                {"role":"tool","tool_call_id" : "c1__thought__Q2==","content":"x"}]"#
            ),
            r#"{"messages":[{"role":"assistant","tool_calls":[{"id": "c1","function":{"name":"f"}},{"id":"c2"}]},
                {"role":"tool","tool_call_id" : "c1","content":"x"}]}"#
        );
    }

    #[test]
    fn text_that_speaks_of_signatures_stays_as_it_is() {
        for messages in [
            r#"[{"role":"user","content":"a__thought__b","id":"a__thought__b"}]"#,
            r#"["a__thought__b",{"tool_calls":"a__thought__b"}]"#,
            r#"{"id":"a__thought__b"}"#,
        ] {
            assert_eq!(cleaned(messages), format!(r#"{{"messages":{messages}}}"#));
        }
    }
}
