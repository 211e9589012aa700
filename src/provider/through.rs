//! A vendor's own requests, passed on as its client worded them: only the address and the credential are the deployment's, and the
//! model where the client named a group.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Encoded, Follow, Followed, Provider, Reading, Sent, Target};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::place;
use crate::wire::json::{Splice, quote};

/// What stays as it is in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Members of a query that hold a client's credential.
const CREDENTIALS: [&str; 4] = ["access_token", "api-key", "key", "subscription-key"];

/// Ends of an `api_base` that name one operation, where an operator has written the whole endpoint.
const OPERATIONS: [&str; 4] = [
    "/chat/completions",
    "/embeddings",
    "/messages",
    "/responses",
];

/// The request for the vendor. Its answer is not read.
///
/// # Errors
/// What keeps the vendor from taking the deployment's credential.
pub fn encode(
    provider: &dyn Provider,
    asked: &Asked<'_>,
    target: &Target<'_>,
) -> Result<Encoded, ApiError> {
    let renamed = !asked.model.is_empty() && asked.model != target.model;
    let body = renamed.then(|| with_model(asked, target.model)).flatten();
    let below = without_credentials(asked.path);
    let below = match place::of_model(&below).filter(|_| renamed) {
        Some(at) => {
            let model = utf8_percent_encode(target.model, SEGMENT).to_string();
            let (before, after) = (below.get(..at.start), below.get(at.end..));
            let parts = [
                before.unwrap_or_default(),
                &model,
                after.unwrap_or_default(),
            ];
            Cow::Owned(parts.concat())
        }
        None => below,
    };
    let path = joined(target.base_path, &below);
    let sent = Sent {
        body: body.as_deref().unwrap_or(asked.body),
        headers: asked.headers,
        method: asked.method,
        path: &path,
    };
    let headers = provider.credentials(&sent, target)?;
    Ok(Encoded {
        path,
        headers,
        body,
        reading: Reading::Native(Box::new(Unread)),
    })
}

/// The body with the vendor's name of the model, where it is the body that names it.
fn with_model(asked: &Asked<'_>, model: &str) -> Option<Vec<u8>> {
    let member = asked.members.get("model")?;
    let mut splice = Splice::new(asked.body, &asked.members);
    splice.replace(member, quote(model));
    splice.apply()
}

/// The path without what its client proved itself with to the gateway.
fn without_credentials(path: &str) -> Cow<'_, str> {
    let Some((bare, query)) = path.split_once('?') else {
        return Cow::Borrowed(path);
    };
    let is_credential = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        CREDENTIALS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !is_credential(pair))
        .collect();
    if kept.is_empty() {
        return Cow::Borrowed(bare);
    }
    Cow::Owned(format!("{bare}?{}", kept.join("&")))
}

/// The client's path below the deployment's base. What both say, the API's version for one, is said once, by the client; and a base
/// that leads to one operation leads to the others of its API.
fn joined(base: &str, below: &str) -> String {
    let base = OPERATIONS
        .iter()
        .find_map(|operation| base.strip_suffix(operation))
        .unwrap_or(base);
    // Azure's bases may end in the path of its API or of one deployment, which its clients write, too.
    let base = match base.find("/openai") {
        Some(at) if below.starts_with("/openai/") => base.get(..at).unwrap_or(base),
        Some(_) | None => base,
    };
    let first = below.trim_start_matches('/').split(['/', '?']).next();
    let base = match base.rsplit_once('/') {
        Some((root, last)) if is_version(last) && first.is_some_and(is_version) => root,
        Some(_) | None => base,
    };
    [base, below].concat()
}

/// Whether it looks like `v1` or `v1beta`.
fn is_version(segment: &str) -> bool {
    let number = segment.strip_prefix('v').unwrap_or_default();
    number.starts_with(|first: char| first.is_ascii_digit())
        && number
            .chars()
            .all(|character| character.is_ascii_alphanumeric())
}

/// Nothing is read of it.
#[derive(Debug)]
struct Unread;

impl Follow for Unread {
    fn whole(&mut self, _body: &[u8]) -> Result<Followed, ApiError> {
        Ok(Followed::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::asked::Line;
    use crate::canonical::format::Format;
    use crate::provider::find;
    use crate::value::secret::Secret;
    use crate::wire::json::Members;

    #[test]
    fn a_path_is_joined_to_a_base_and_the_version_said_once() {
        for (base, below, path) in [
            ("/v1", "/chat/completions", "/v1/chat/completions"),
            ("/v1", "/v1/files?limit=2", "/v1/files?limit=2"),
            ("/v1/chat/completions", "/v1/models", "/v1/models"),
            ("", "/v1/messages", "/v1/messages"),
            (
                "/v1/messages",
                "/v1/messages/batches",
                "/v1/messages/batches",
            ),
            (
                "/v1beta",
                "/v1/models/g:countTokens",
                "/v1/models/g:countTokens",
            ),
            ("/proxy/v1", "/v2/chat", "/proxy/v2/chat"),
            ("/proxy", "/vault/x", "/proxy/vault/x"),
            (
                "/openai/v1",
                "/openai/deployments/a/embeddings?api-version=1",
                "/openai/deployments/a/embeddings?api-version=1",
            ),
            ("", "/model/a%3A0/converse", "/model/a%3A0/converse"),
        ] {
            assert_eq!(joined(base, below), path, "{base} and {below}");
        }
    }

    #[test]
    fn credentials_of_a_client_do_not_stay_in_the_query() {
        for (sent, kept) in [
            ("/x?key=mine", "/x"),
            ("/x?alt=sse&key=mine&a=b", "/x?alt=sse&a=b"),
            ("/x?Api-Key=mine", "/x"),
            ("/x?monkey=1", "/x?monkey=1"),
        ] {
            assert_eq!(without_credentials(sent), kept, "{sent}");
        }
    }

    fn sent(provider: &str, path: &str, body: &str, model: &str) -> Encoded {
        let line = Line::of(Format::Passthrough);
        let members = Members::read(body.as_bytes()).unwrap();
        let asked = Asked {
            format: Format::Passthrough,
            body: body.as_bytes(),
            members,
            model: "group".into(),
            stream: false,
            include_usage: false,
            path,
            method: "POST",
            headers: &line.headers,
        };
        let key = Secret::new("secret-1".to_owned());
        let target = Target {
            key: Some(&key),
            ..Target::of_model(model)
        };
        encode(find(provider).unwrap(), &asked, &target).unwrap()
    }

    #[test]
    fn a_body_goes_as_it_is_unless_it_names_a_group() {
        let body = r#"{ "a":1.0, "model" : "group" }"#;
        assert_eq!(sent("openai", "/v1/x", body, "group").body, None);
        let renamed = sent("openai", "/v1/x", body, "gpt-4o").body.unwrap();
        assert_eq!(renamed, br#"{ "a":1.0, "model" : "gpt-4o" }"#);
    }

    #[test]
    fn a_group_in_the_path_becomes_the_vendors_model() {
        let encoded = sent("openai", "/v1/models/group:run?a=b", "{}", "org/one");
        assert_eq!(encoded.path, "/v1/models/org%2Fone:run?a=b");
        assert_eq!(encoded.body, None);
    }

    #[test]
    fn each_vendor_gets_its_own_kind_of_credential() {
        for (provider, expected) in [
            ("anthropic", ("x-api-key", "secret-1")),
            ("bedrock", ("authorization", "Bearer secret-1")),
            ("gemini", ("x-goog-api-key", "secret-1")),
            ("openai", ("authorization", "Bearer secret-1")),
        ] {
            let encoded = sent(provider, "/v1/x", "{}", "group");
            let (name, value) = expected;
            assert!(
                encoded.headers.contains(&(name, value.to_owned())),
                "{provider}"
            );
        }
    }
}
