//! Arrays edited element by element, everything else left as it stands.

use super::reader::Reader;

/// What becomes of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays.
    Keep,
    /// It goes.
    Remove,
    /// This stands in its place.
    Replace(Vec<u8>),
}

/// The elements of an array; none of another value.
#[must_use]
pub fn elements(json: &[u8]) -> Vec<&[u8]> {
    let mut list = Vec::new();
    let read = Reader::new(json).array(|reader, _| {
        list.push(reader.skip()?);
        Ok(())
    });
    if read.is_err() {
        list.clear();
    }
    list
}

/// The array with the changes; `None` when there are none, or when it is no array.
pub fn edit_array(json: &[u8], mut change: impl FnMut(usize, &[u8]) -> Change) -> Option<Vec<u8>> {
    let list = elements(json);
    let mut changes: Vec<Change> = Vec::with_capacity(list.len());
    for (at, element) in list.iter().enumerate() {
        changes.push(change(at, element));
    }
    if changes.iter().all(|change| matches!(change, Change::Keep)) {
        return None;
    }
    let mut out = Vec::with_capacity(json.len());
    out.push(b'[');
    for (element, change) in list.into_iter().zip(&changes) {
        let text = match change {
            Change::Keep => element,
            Change::Remove => continue,
            Change::Replace(text) => text,
        };
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(text);
    }
    out.push(b']');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(json: &str) -> Option<String> {
        let change = |_, element: &[u8]| match element {
            b"1" => Change::Remove,
            b"2" => Change::Replace(b"two".to_vec()),
            _ => Change::Keep,
        };
        edit_array(json.as_bytes(), change).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn only_what_changes_is_written_anew() {
        assert_eq!(edited("[1, 2 ,{ }]").as_deref(), Some("[two,{ }]"));
        assert_eq!(edited("[1]").as_deref(), Some("[]"));
    }

    #[test]
    fn nothing_to_change_means_no_copy() {
        for json in ["[]", "[3, 4]", "{}", "1", ""] {
            assert_eq!(edited(json), None, "{json}");
        }
    }
}
