//! AWS's Signature Version 4: a request's method, path, some of its headers and its body, vouched for with a secret key.

use core::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::value::time::Timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Everything but RFC 3986's unreserved characters.
pub(super) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The same for a whole path.
const IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// An access key.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// Its public half.
    pub id: &'a str,
    /// Its secret half.
    pub secret: &'a str,
    /// What temporary credentials have besides.
    pub token: Option<&'a str>,
}

/// What a signature is good for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `us-east-1`.
    pub region: &'a str,
    /// `bedrock`.
    pub service: &'a str,
}

/// A request as it goes out. Envoy must not change what is in here any more.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Host, and port if it is not the scheme's own.
    pub authority: &'a str,
    /// Path and query, percent-encoded as they go out.
    pub path: &'a str,
    /// Header fields to sign besides `host` and AWS's own: names in lower case.
    pub headers: &'a [(&'static str, String)],
    /// The body.
    pub body: &'a [u8],
}

/// The header fields that sign the request.
#[must_use]
pub fn sign(
    request: &Unsigned<'_>,
    keys: &Keys<'_>,
    scope: &Scope<'_>,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let time = compact_time(now);
    let date = time.split('T').next().unwrap_or_default();
    let mut ours = vec![("x-amz-date", time.clone())];
    ours.extend(
        keys.token
            .map(|token| ("x-amz-security-token", token.to_owned())),
    );
    let (canonical, names) = canonical(request, &ours);
    let credential = format!("{date}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!(
        "{ALGORITHM}\n{time}\n{credential}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let key = [date, scope.region, scope.service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{}", keys.secret).into_bytes(), |key, part| {
            hmac(&key, part)
        });
    let signature = hex(&hmac(&key, &to_sign));
    let authorization = format!(
        "{ALGORITHM} Credential={}/{credential}, SignedHeaders={names}, Signature={signature}",
        keys.id
    );
    ours.push(("authorization", authorization));
    ours
}

/// The request as it is signed, and the names of the headers in it.
fn canonical(request: &Unsigned<'_>, ours: &[(&'static str, String)]) -> (String, String) {
    let (path, query) = request.path.split_once('?').unwrap_or((request.path, ""));
    let mut headers: Vec<(&str, String)> = request
        .headers
        .iter()
        .chain(ours)
        .map(|(name, value)| (*name, collapsed(value)))
        .chain([("host", request.authority.to_owned())])
        .collect();
    headers.sort_unstable_by_key(|(name, _)| *name);
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method,
        canonical_path(path),
        sorted(query)
    );
    for (name, value) in &headers {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "\n{names}\n{}", hex(&Sha256::digest(request.body)));
    (text, names)
}

/// The path without dots and empty segments, percent-encoded once more: so it is for every service but S3.
fn canonical_path(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut clean = format!("/{}", kept.join("/"));
    if path.ends_with('/') && !kept.is_empty() {
        clean.push('/');
    }
    utf8_percent_encode(&clean, IN_PATH).to_string()
}

/// The query's pairs by name, then value.
fn sorted(query: &str) -> String {
    let pair = |pair| str::split_once(pair, '=').unwrap_or((pair, ""));
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|text| !text.is_empty())
        .map(pair)
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The value with single spaces between its words.
fn collapsed(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// `20260115T123456Z`.
fn compact_time(now: Timestamp) -> String {
    let since = core::time::Duration::from_secs(now.seconds());
    let time = std::time::UNIX_EPOCH.checked_add(since);
    let time = humantime::format_rfc3339_seconds(time.unwrap_or(std::time::UNIX_EPOCH)).to_string();
    time.replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#;
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// The canonical request's digest and the signature, of a request like the ones botocore was given.
    fn signed(
        region: &str,
        path: &str,
        token: Option<&str>,
    ) -> (String, Vec<(&'static str, String)>) {
        let host = format!("bedrock-runtime.{region}.amazonaws.com");
        let headers = [("content-type", "application/json".to_owned())];
        let request = Unsigned {
            method: "POST",
            authority: &host,
            path,
            headers: &headers,
            body: BODY,
        };
        let keys = Keys {
            id: "AKIDEXAMPLE",
            secret: SECRET,
            token,
        };
        let now = Timestamp::from_nanos(1_768_480_496_000_000_000);
        let mut ours = vec![("x-amz-date", compact_time(now))];
        ours.extend(token.map(|token| ("x-amz-security-token", token.to_owned())));
        let canonical = canonical(&request, &ours).0;
        let scope = Scope {
            region,
            service: "bedrock",
        };
        (
            hex(&Sha256::digest(canonical)),
            sign(&request, &keys, &scope, now),
        )
    }

    #[test]
    fn t106_a_model_id_with_a_colon_is_signed_as_botocore_signs_it() {
        let path = "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse";
        let (digest, fields) = signed("us-east-1", path, None);
        assert_eq!(
            digest,
            "9f5684c6b9d815947e89a29a6acf76d612eef119557b051521652fea68b7441d"
        );
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260115/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=c0a74c6b10345019abadccbfe1ed6c4a2bea53d6bae2f98ea07105cbc7e18b09";
        assert_eq!(
            fields,
            [
                ("x-amz-date", "20260115T123456Z".to_owned()),
                ("authorization", authorization.to_owned())
            ]
        );
    }

    #[test]
    fn an_arn_with_temporary_credentials_is_signed_as_botocore_signs_it() {
        let path = "/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Aapplication-inference-profile%2Fabc123def456/converse-stream";
        let (digest, fields) = signed("us-west-2", path, Some("SESSIONTOKEN"));
        assert_eq!(
            digest,
            "0dfdb36d3cf3e0f8dc06112e0a6a8dd8ce46815c013aff30b98193ff6cb92fb9"
        );
        assert!(fields.contains(&("x-amz-security-token", "SESSIONTOKEN".to_owned())));
        let (_, authorization) = fields.last().unwrap();
        assert!(
            authorization.ends_with(
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=b9f6af075e74c89476d303c78606499fb1510d5162954039d3a3fb5a589a6e9b"
            ),
            "{authorization}"
        );
    }

    #[test]
    fn each_step_of_the_key_is_botocores() {
        let date = hmac(format!("AWS4{SECRET}").as_bytes(), "20260115");
        assert_eq!(
            hex(&date),
            "3b871eb9be3e2866e4451da9d2a59e078c9535db363972684d5ce611285d3bea"
        );
        let region = hmac(&date, "us-east-1");
        assert_eq!(
            hex(&region),
            "6eb6a882a13bb16f880bede1e99cbdcc584a50d19c4562a95391ab297d619526"
        );
        let service = hmac(&region, "bedrock");
        assert_eq!(
            hex(&service),
            "4b2c2cb2f53a44530358915194f1f286ddae37585c1f460ce0027801d54f57b7"
        );
        let signing = hmac(&service, "aws4_request");
        assert_eq!(
            hex(&signing),
            "61dbb1faa6f55b130699b28cdab1ec8b5ae1f3cf97e5c05fc56c3e887ba13586"
        );
    }

    #[test]
    fn a_path_is_cleaned_and_encoded_once_more() {
        assert_eq!(canonical_path("/a%3Ab//./c/../d/"), "/a%253Ab/d/");
        assert_eq!(canonical_path("/x y~-._"), "/x%20y~-._");
        assert_eq!(canonical_path(""), "/");
        assert_eq!(canonical_path("/"), "/");
    }

    #[test]
    fn a_query_is_sorted_by_name_then_value() {
        assert_eq!(sorted("b=2&a=9&a=1&c"), "a=1&a=9&b=2&c=");
        assert_eq!(sorted(""), "");
    }

    #[test]
    fn values_are_signed_with_single_spaces() {
        assert_eq!(collapsed("  a \t b  "), "a b");
    }
}
