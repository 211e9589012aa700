//! Multipart forms read from their beginning: a small part in front of a large file is known before the file is there.

use core::ops::Range;

use memchr::memmem::{self, Finder};

/// The end of a line.
const LINE: &[u8] = b"\r\n";

/// What the beginning of a form tells of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// The form has no such field, or is no form.
    Absent,
    /// Where the field's value stands.
    Found(Range<usize>),
    /// Not yet: the form goes on.
    Unfinished {
        /// Whether it is in the middle of a file, so that much may come before the field.
        in_file: bool,
    },
}

/// The `boundary` of a content type; `None` when that is no form's.
#[must_use]
pub fn boundary(content_type: &str) -> Option<&str> {
    let (media, parameters) = content_type.split_once(';')?;
    if !media.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty())
}

/// Looks for a field in a form, of which `form` is the beginning or all there is. Files are not looked at.
#[must_use]
pub fn find(form: &[u8], boundary: &str, name: &str) -> Search {
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    let finder = Finder::new(&delimiter);
    let Some(mut at) = first(form, &delimiter, &finder) else {
        return Search::Unfinished { in_file: false };
    };
    loop {
        match part(form, at, &finder) {
            Part::Last => return Search::Absent,
            Part::Unfinished { in_file } => return Search::Unfinished { in_file },
            Part::Whole { head, value, next } => {
                let head = form.get(head).unwrap_or_default();
                if field(head) == Some(name.as_bytes()) && !is_file(head) {
                    return Search::Found(value);
                }
                at = next;
            }
        }
    }
}

/// The form with another value at that place.
#[must_use]
pub fn replaced(form: &[u8], place: &Range<usize>, value: &str) -> Vec<u8> {
    let before = form.get(..place.start).unwrap_or_default();
    let after = form.get(place.end..).unwrap_or_default();
    [before, value.as_bytes(), after].concat()
}

enum Part {
    Last,
    Unfinished {
        in_file: bool,
    },
    Whole {
        head: Range<usize>,
        value: Range<usize>,
        next: usize,
    },
}

/// Behind the first delimiter, which begins the form or a line of it.
fn first(form: &[u8], delimiter: &[u8], finder: &Finder<'_>) -> Option<usize> {
    let bare = delimiter.strip_prefix(LINE).unwrap_or(delimiter);
    if form.starts_with(bare) {
        return Some(bare.len());
    }
    finder.find(form)?.checked_add(delimiter.len())
}

/// The part behind the delimiter that ends at `at`.
fn part(form: &[u8], at: usize, finder: &Finder<'_>) -> Part {
    const NOTHING: Part = Part::Unfinished { in_file: false };
    let rest = form.get(at..).unwrap_or_default();
    if rest.starts_with(b"--") {
        return Part::Last;
    }
    // The line break behind the delimiter begins the blank line of a part without header fields.
    let Some(blank) = memmem::find(rest, b"\r\n\r\n") else {
        return NOTHING;
    };
    let head = at..at.saturating_add(blank);
    let start = head.end.saturating_add(4);
    // An empty value has its delimiter right behind the head.
    let value = form.get(start.saturating_sub(LINE.len())..);
    let Some(length) = finder.find(value.unwrap_or_default()) else {
        let in_file = form.get(head).is_some_and(is_file);
        return Part::Unfinished { in_file };
    };
    let end = start.saturating_add(length.saturating_sub(LINE.len()));
    let next = start
        .saturating_sub(LINE.len())
        .saturating_add(length)
        .saturating_add(finder.needle().len());
    Part::Whole {
        head,
        value: start..end,
        next,
    }
}

/// The name of the field that a part with this head is.
fn field(head: &[u8]) -> Option<&[u8]> {
    parameter(disposition(head)?, "name").map(str::as_bytes)
}

fn is_file(head: &[u8]) -> bool {
    let has = |name| disposition(head).is_some_and(|it| parameter(it, name).is_some());
    has("filename") || has("filename*")
}

fn disposition(head: &[u8]) -> Option<&str> {
    let head = core::str::from_utf8(head).ok()?;
    let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) =
        fields.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    value.split_once(';').map(|(_, parameters)| parameters)
}

/// The parameter of that name, without its quotes. A semicolon inside quotes ends nothing.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let mut quoted = false;
    let mut pieces = parameters.split(|character| {
        quoted ^= character == '"';
        character == ';' && !quoted
    });
    pieces.find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        key.trim()
            .eq_ignore_ascii_case(name)
            .then_some(bare.unwrap_or(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "--b1\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nde\r\n";
    const MODEL: &str = "--b1\r\ncontent-disposition: form-data; name=model\r\n\r\nwhisper-1\r\n";
    const FILE: &str = "--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;name=model\"\r\nContent-Type: audio/wav\r\n\r\n\0\r\n--b2\r\nmodel\r\n";
    const END: &str = "--b1--\r\n";

    fn model(form: &str) -> Search {
        find(form.as_bytes(), "b1", "model")
    }

    fn text(form: &str) -> Option<&str> {
        match model(form) {
            Search::Found(place) => form.get(place),
            Search::Absent | Search::Unfinished { .. } => None,
        }
    }

    #[test]
    fn a_field_is_found_before_and_behind_a_file() {
        for form in [
            [HEAD, MODEL, FILE, END].concat(),
            [FILE, HEAD, MODEL, END].concat(),
            ["preamble\r\n", MODEL, END].concat(),
        ] {
            assert_eq!(text(&form), Some("whisper-1"), "{form}");
        }
    }

    #[test]
    fn a_field_is_known_as_soon_as_it_is_complete_and_not_before() {
        let form = [HEAD, MODEL, FILE].concat();
        let known = HEAD.len() + MODEL.len() + "--b1".len();
        for cut in 0..form.len() {
            let found = model(&form[..cut]);
            if cut < known {
                assert_eq!(found, Search::Unfinished { in_file: false }, "cut at {cut}");
            } else {
                assert!(matches!(found, Search::Found(_)), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_file_that_comes_first_is_told_as_soon_as_its_head_is_there() {
        let form = [FILE, MODEL].concat();
        let begun = FILE.find("\r\n\r\n").unwrap() + 4;
        let ended = FILE.len() + "--b1".len();
        for cut in 0..ended {
            let in_file = (begun..ended).contains(&cut);
            assert_eq!(
                model(&form[..cut]),
                Search::Unfinished { in_file },
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_file_of_the_fields_name_is_not_the_field() {
        let file = "--b1\r\ncontent-disposition: form-data; name=model; filename=x\r\n\r\nx\r\n";
        assert_eq!(model(&[file, END].concat()), Search::Absent);
    }

    #[test]
    fn a_value_may_be_empty() {
        let form = "--b1\r\ncontent-disposition: form-data; name=model\r\n\r\n\r\n--b1--\r\n";
        assert_eq!(text(form), Some(""));
        let broken = "--b1\r\ncontent-disposition: form-data; name=model\r\n\r\n--b1--\r\n";
        assert_eq!(text(broken), Some(""));
    }

    #[test]
    fn only_the_value_changes() {
        let form = [HEAD, MODEL, FILE, END].concat();
        let Search::Found(place) = model(&form) else {
            panic!("it is there")
        };
        let other = replaced(form.as_bytes(), &place, "other/one");
        assert_eq!(other, form.replace("whisper-1", "other/one").into_bytes());
    }

    #[test]
    fn the_boundary_is_a_forms() {
        for (media, expected) in [
            ("multipart/form-data; boundary=x", Some("x")),
            (
                "Multipart/Form-Data; charset=utf-8; Boundary=\"a;b\"",
                Some("a;b"),
            ),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data", None),
            ("application/json; boundary=x", None),
        ] {
            assert_eq!(boundary(media), expected, "{media}");
        }
    }
}
