//! Where the path of a vendor's own request names the model.

use core::ops::Range;

use percent_encoding::percent_decode_str;

/// What comes before a model in a path, at OpenAI's, Google's, Amazon's and Azure's.
const BEFORE: [&str; 3] = ["/models/", "/model/", "/deployments/"];

/// Where the path names the model, up to the verb behind a colon; `None` when it does not.
#[must_use]
pub fn of_model(path: &str) -> Option<Range<usize>> {
    let bare = path.split('?').next().unwrap_or_default();
    let before = BEFORE.iter().find_map(|before| {
        let at = bare.find(before)?;
        at.checked_add(before.len())
    })?;
    let rest = bare.get(before..)?;
    let segment = rest.split('/').next().unwrap_or_default();
    // Amazon's models have colons of their own, and verbs behind a slash.
    let is_amazons = bare.starts_with("/model/");
    let name = if is_amazons {
        segment
    } else {
        segment.split(':').next().unwrap_or_default()
    };
    let end = before.checked_add(name.len())?;
    (!name.is_empty()).then_some(before..end)
}

/// The model that the path names.
#[must_use]
pub fn model(path: &str) -> Option<String> {
    let name = path.get(of_model(path)?)?;
    let text = percent_decode_str(name).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vendor_names_models_in_its_own_place() {
        for (path, expected) in [
            ("/v1/models/gpt-4o?x=/models/y", Some("gpt-4o")),
            (
                "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
                Some("gemini-2.5-pro"),
            ),
            (
                "/v1/projects/p/locations/l/publishers/google/models/g:predict",
                Some("g"),
            ),
            (
                "/model/us.anthropic.claude-3%3A0/converse",
                Some("us.anthropic.claude-3:0"),
            ),
            (
                "/model/us.anthropic.claude-3:0/converse",
                Some("us.anthropic.claude-3:0"),
            ),
            (
                "/openai/deployments/my%20one/images/edits?api-version=1",
                Some("my one"),
            ),
            ("/v1/models", None),
            ("/v1/models/", None),
            ("/v1/messages", None),
        ] {
            assert_eq!(model(path).as_deref(), expected, "{path}");
        }
    }
}
