//! Multipart forms with another model: the one small part is replaced, the file beside it is not looked at.

/// The form with `model` as the value of the part of that name; `None` when it has no such part, or is no form.
pub(super) fn with_model(body: &[u8], content_type: &str, model: &str) -> Option<Vec<u8>> {
    let boundary = boundary(content_type)?;
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let finder = memchr::memmem::Finder::new(&delimiter);
    let mut at = finder.find(body)?;
    loop {
        let part = at.checked_add(delimiter.len())?;
        let rest = body.get(part..)?;
        let head = memchr::memmem::find(rest, b"\r\n\r\n")?;
        let value = part.checked_add(head)?.checked_add(4)?;
        let end = value.checked_add(finder.find(body.get(value..)?)?)?;
        if is_model(rest.get(..head)?) {
            let (before, after) = (body.get(..value)?, body.get(end.checked_sub(2)?..)?);
            return Some([before, model.as_bytes(), after].concat());
        }
        at = end;
    }
}

/// The `boundary` of the media type.
fn boundary(content_type: &str) -> Option<&str> {
    let (media, parameters) = content_type.split_once(';')?;
    if !media.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    });
    named.filter(|boundary| !boundary.is_empty())
}

/// Whether a part's header fields name it `model`.
fn is_model(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let disposition = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
    disposition.is_some_and(|(_, value)| {
        value
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
            .any(|(name, value)| name.trim() == "name" && value.trim().trim_matches('"') == "model")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"name=model\"\r\n\r\n\0model\r\n\
        --x1\r\ncontent-disposition: form-data; name=model\r\n\r\nwhisper\r\n--x1--\r\n";

    #[test]
    fn only_the_model_changes() {
        let out = with_model(
            FORM.as_bytes(),
            "multipart/form-data; boundary=\"x1\"",
            "other/one",
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            FORM.replace("whisper", "other/one")
        );
    }

    #[test]
    fn a_form_without_a_model_is_not_one() {
        for (body, media) in [
            (FORM, "multipart/form-data"),
            (FORM, "application/json; boundary=x1"),
            (FORM, "multipart/form-data; boundary=x2"),
            (
                "--x1\r\ncontent-disposition: form-data; name=file\r\n\r\nx\r\n--x1--\r\n",
                "multipart/form-data; boundary=x1",
            ),
            ("", "multipart/form-data; boundary=x1"),
        ] {
            assert_eq!(with_model(body.as_bytes(), media, "m"), None, "{media}");
        }
    }
}
