//! Header fields the operator names: which are possible, and which are not his to set.

use http::{HeaderName, HeaderValue};

use super::faults::Trouble;
use super::kind;
use super::section::{Findings, Section};
use crate::value::secret::Secret;

/// Fields that say how a message travels, or that the gateway sets itself.
const OWNED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];

/// Fields with these at their beginning steer Envoy.
const OWNED_PREFIXES: [&str; 3] = ["x-envoy-", "x-dragoman-", "x-forwarded-"];

/// `extra_headers`, names in lower case.
pub(super) fn extra(
    params: &Section<'_>,
    cluster_header: &str,
    findings: &mut Findings<'_>,
) -> Vec<(String, Secret)> {
    let at = params.place("extra_headers");
    let mut fields: Vec<(String, Secret)> = Vec::new();
    for (key, value) in params.entries("extra_headers", findings) {
        let name = key.to_ascii_lowercase();
        let field = field_name(&name, cluster_header).and_then(|()| field_value(value, findings));
        match field {
            Err(trouble) => findings.fault(at.key(key), trouble),
            Ok(_) if fields.iter().any(|(other, _)| *other == name) => {
                findings.fault(
                    at.key(key),
                    Trouble::Duplicate {
                        first: at.key(&name),
                    },
                );
            }
            Ok(value) => fields.push((name, value)),
        }
    }
    fields
}

/// The header that names the cluster, in lower case.
pub(super) fn cluster_header(name: &str) -> Result<String, Trouble> {
    let name = name.to_ascii_lowercase();
    let is_owned =
        OWNED.contains(&name.as_str()) || name.starts_with("x-envoy-") || name == "authorization";
    match HeaderName::from_bytes(name.as_bytes()) {
        Err(_) => Err(Trouble::Header),
        Ok(_) if is_owned => Err(Trouble::HeaderOwned),
        Ok(_) => Ok(name),
    }
}

fn field_name(name: &str, cluster_header: &str) -> Result<(), Trouble> {
    let is_owned = OWNED.contains(&name)
        || OWNED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || name == cluster_header
        || name.starts_with(':');
    match HeaderName::from_bytes(name.as_bytes()) {
        _ if is_owned => Err(Trouble::HeaderOwned),
        Err(_) => Err(Trouble::Header),
        Ok(_) => Ok(()),
    }
}

fn field_value(value: &serde_json::Value, findings: &Findings<'_>) -> Result<Secret, Trouble> {
    let text = kind::text(value, &findings.env)?.value;
    let is_plain = HeaderValue::from_str(&text).is_ok() && text.trim() == text;
    if is_plain {
        Ok(Secret::new(text))
    } else {
        Err(Trouble::Header)
    }
}
