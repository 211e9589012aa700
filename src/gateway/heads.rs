//! Which header fields cross the gateway, and in which direction.

use crate::value::head::Head;
use crate::value::secret::Secret;

/// What of a client's head reaches a provider. A list of what may, because nobody can list all that
/// must not: credentials, cookies, hop headers, identities that proxies in front have added.
/// `x-forwarded-proto` is there because Envoy matches no route without it; a route may remove it.
const TO_PROVIDER: [&str; 9] = [
    "accept",
    "content-type",
    "openai-beta",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-client-request-id",
    "x-forwarded-proto",
    "x-request-id",
];

/// What of a client's head belongs to the format it speaks: for a vendor of the same format, and for no other.
const OF_FORMAT: [&str; 4] = [
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-type",
];

/// What of a client's head belongs to its format.
#[must_use]
pub fn of_format(client: &Head) -> Head {
    let mut head = Head::new();
    for (name, value) in client.pairs() {
        if OF_FORMAT.iter().any(|known| known.as_bytes() == name) {
            head.push(name, value);
        }
    }
    head
}

/// What of a client's head reaches a vendor besides, when the request is in its own format.
const THROUGH: [&str; 7] = [
    "anthropic-beta",
    "anthropic-version",
    "content-encoding",
    "idempotency-key",
    "openai-beta",
    "range",
    "x-goog-api-client",
];

/// The beginnings of fields that do so, too: Google's of an upload, Amazon's of a model.
const THROUGH_GROUPS: [&str; 2] = ["x-goog-upload-", "x-amzn-bedrock-"];

/// What of a client's head reaches a vendor when the request is in its own format.
#[must_use]
pub fn through(client: &Head) -> Head {
    let mut head = to_provider(client);
    for (name, value) in client.pairs() {
        let is = |known: &&str| known.as_bytes() == name;
        let besides = THROUGH.iter().any(&is)
            || THROUGH_GROUPS
                .iter()
                .any(|group| name.starts_with(group.as_bytes()));
        if besides && !TO_PROVIDER.iter().any(is) {
            head.push(name, value);
        }
    }
    head
}

/// What of a client's head is meant for the gateway.
#[must_use]
pub fn to_gateway(client: &Head) -> Head {
    let mut head = Head::default();
    for (name, value) in client.pairs() {
        if name.starts_with(b"x-litellm-") {
            head.push(name, value);
        }
    }
    head
}

/// Takes out of a head what only a route of Envoy's would: a call of the gateway's own passes none.
pub fn for_a_call(head: &mut Head) {
    head.remove("x-forwarded-proto");
    head.remove("x-request-id");
}

/// What of a provider's head does not reach a client: hop headers (RFC 9110 §7.6.1), cookies, and
/// what speaks of the provider's own origin.
const NOT_TO_CLIENT: [&str; 15] = [
    "alt-svc",
    "connection",
    "keep-alive",
    "nel",
    "proxy-authenticate",
    "proxy-connection",
    "report-to",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];

/// The head of a request to a provider, as far as it comes from the client's.
#[must_use]
pub fn to_provider(client: &Head) -> Head {
    let mut head = Head::new();
    for (name, value) in client.pairs() {
        if TO_PROVIDER.iter().any(|known| known.as_bytes() == name) {
            head.push(name, value);
        }
    }
    head
}

/// A provider's head as a client may see it. A field that repeats a credential is left out.
pub fn to_client(head: &mut Head, secrets: &[&Secret]) {
    head.retain(|name, value| {
        !NOT_TO_CLIENT.iter().any(|known| known.as_bytes() == name)
            && !name.starts_with(b"x-litellm-")
            && !name.starts_with(b"x-dragoman-")
            && !secrets.iter().any(|secret| holds(value, secret))
    });
}

/// What of a provider's head helps a client with an error: ids for support, and when to try again.
const ON_ERROR: [&str; 6] = [
    "openai-processing-ms",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "x-should-retry",
];

/// What helps with an error in a provider's head.
#[must_use]
pub fn on_error(head: &Head, secrets: &[&Secret]) -> Vec<(String, String)> {
    let helps = |name: &str, value: &[u8]| {
        (ON_ERROR.contains(&name) || name.starts_with("x-ratelimit-"))
            && !secrets.iter().any(|secret| holds(value, secret))
    };
    head.iter()
        .filter(|(name, value)| helps(name, value))
        .filter_map(|(name, value)| {
            let value = core::str::from_utf8(value).ok()?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// Whether the bytes contain the secret.
#[must_use]
pub fn holds(bytes: &[u8], secret: &Secret) -> bool {
    let secret = secret.expose().as_bytes();
    !secret.is_empty()
        && bytes.len() >= secret.len()
        && memchr::memmem::find(bytes, secret).is_some()
}

/// The bytes with every secret blacked out; `None` when there is none in them.
#[must_use]
pub fn blackened(bytes: &[u8], secrets: &[&Secret]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    for secret in secrets {
        let bytes = out.as_deref().unwrap_or(bytes);
        if holds(bytes, secret) {
            out = Some(without(bytes, secret.expose().as_bytes()));
        }
    }
    out
}

fn without(bytes: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0usize;
    for found in memchr::memmem::find_iter(bytes, secret) {
        out.extend_from_slice(bytes.get(at..found).unwrap_or_default());
        out.extend_from_slice(b"[redacted]");
        at = found.saturating_add(secret.len());
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&str, &str)]) -> Head {
        fields.iter().copied().collect()
    }

    #[test]
    fn only_named_fields_reach_a_provider() {
        let client = head(&[
            ("authorization", "Bearer mine"),
            ("cookie", "a=b"),
            ("x-api-key", "mine"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-envoy-internal", "true"),
            ("accept-encoding", "gzip"),
            ("user-agent", "curl"),
        ]);
        let provider = to_provider(&client);
        assert_eq!(
            provider.iter().collect::<Vec<_>>(),
            [("user-agent", &b"curl"[..])]
        );
    }

    #[test]
    fn cookies_hop_fields_and_echoed_credentials_do_not_reach_a_client() {
        let secret = Secret::new("sk-9".to_owned());
        let mut provider = head(&[
            ("set-cookie", "a=b"),
            ("connection", "close"),
            ("x-echo", "Bearer sk-9"),
            ("x-litellm-model-id", "theirs"),
            ("x-ratelimit-limit-requests", "10"),
        ]);
        to_client(&mut provider, &[&secret]);
        assert_eq!(
            provider.iter().collect::<Vec<_>>(),
            [("x-ratelimit-limit-requests", &b"10"[..])]
        );
    }

    #[test]
    fn every_occurrence_of_every_secret_is_blacked_out() {
        let (one, two) = (Secret::new("sk-1".to_owned()), Secret::new("k2".to_owned()));
        let out = blackened(b"sk-1 and k2 and sk-1", &[&one, &two]).unwrap();
        assert_eq!(out, b"[redacted] and [redacted] and [redacted]");
        assert_eq!(blackened(b"nothing", &[&one]), None);
    }
}
