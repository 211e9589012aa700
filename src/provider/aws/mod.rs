//! What AWS's services have in common: who asks, in which region, and the signature that proves it.

pub mod sigv4;

use std::borrow::Cow;

use percent_encoding::utf8_percent_encode;
use sha2::{Digest, Sha256};

use self::sigv4::{Keys, Scope, Unsigned};
use super::{Encoded, Has, Options, Setting, Target};
use crate::canonical::error::{ApiError, Class};
use crate::value::secret::Secret;

/// Who asks: the public half of an access key.
pub const ID: Setting = setting("aws_access_key_id", &["AWS_ACCESS_KEY_ID"]);
/// Its secret half.
pub const SECRET: Setting = setting("aws_secret_access_key", &["AWS_SECRET_ACCESS_KEY"]);
/// What temporary credentials have besides.
pub const TOKEN: Setting = setting("aws_session_token", &["AWS_SESSION_TOKEN"]);
/// Where.
pub const REGION: Setting = setting(
    "aws_region_name",
    &["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"],
);

pub(super) const fn setting(key: &'static str, variables: &'static [&'static str]) -> Setting {
    Setting { key, variables }
}

/// A request that is to be signed. Nothing in it may change afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `bedrock` or `sagemaker`.
    pub service: &'a str,
    /// `POST`.
    pub method: &'a str,
    /// Path and query as they go out, percent-encoded.
    pub path: &'a str,
    /// Header fields that are signed with it: those that nobody on the way touches.
    pub headers: &'a [(&'static str, String)],
    /// The body as it goes out.
    pub body: &'a [u8],
}

/// The header fields that prove who asks: a bearer key where the deployment has one, else a signature, else nothing.
///
/// # Errors
/// A 500 when it cannot be signed because nothing tells the region.
pub fn sign(
    request: &Request<'_>,
    target: &Target<'_>,
) -> Result<Vec<(&'static str, String)>, ApiError> {
    if let Some(key) = target.key.map(Secret::expose) {
        return Ok(vec![("authorization", format!("Bearer {key}"))]);
    }
    let Some(keys) = keys(target.options) else {
        return Ok(Vec::new());
    };
    let region = region(target).ok_or_else(|| {
        let words = "the deployment has no AWS region: set `aws_region_name`";
        ApiError::new(500, Class::Server, words)
    })?;
    let unsigned = Unsigned {
        method: request.method,
        authority: target.authority,
        path: request.path,
        headers: request.headers,
        body: request.body,
    };
    let service = request.service;
    Ok(sigv4::sign(
        &unsigned,
        &keys,
        &Scope { region, service },
        target.now,
    ))
}

/// The request signed again, after its body was changed.
///
/// # Errors
/// See [`sign`].
pub fn resigned(
    service: &str,
    mut encoded: Encoded,
    target: &Target<'_>,
) -> Result<Encoded, ApiError> {
    const PROOF: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];
    encoded.headers.retain(|(name, _)| !PROOF.contains(name));
    let mut headers = encoded.headers.clone();
    // Anybody on the way may change what is accepted.
    headers.retain(|(name, _)| *name != "accept");
    let request = Request {
        service,
        method: "POST",
        path: &encoded.path,
        headers: &headers,
        body: encoded.body.as_deref().unwrap_or_default(),
    };
    encoded.headers.extend(sign(&request, target)?);
    Ok(encoded)
}

fn keys(options: &Options) -> Option<Keys<'_>> {
    Some(Keys {
        id: options.get("aws_access_key_id")?,
        secret: options.get("aws_secret_access_key")?,
        token: options.get("aws_session_token"),
    })
}

/// The region of the deployment: its host's, else its model's, else the one it states.
#[must_use]
pub fn region<'a>(target: &Target<'a>) -> Option<&'a str> {
    let stated = || target.options.get("aws_region_name");
    let host = target.authority.split(':').next().unwrap_or_default();
    let labels = host
        .ends_with(".amazonaws.com")
        .then_some(host)
        .or_else(|| host.ends_with(".amazonaws.com.cn").then_some(host))
        .or_else(|| host.ends_with(".api.aws").then_some(host));
    labels
        .and_then(|host| host.split('.').find(|label| is_region(label)))
        .or_else(|| region_of_model(target.model))
        .or_else(stated)
}

/// The region that a model's name tells: an ARN's, or LiteLLM's `us-east-1/…` in front.
#[must_use]
pub fn region_of_model(model: &str) -> Option<&str> {
    let arn = model.strip_prefix("arn:");
    let stated = match arn {
        Some(rest) => rest.split(':').nth(2)?,
        None => model.split_once('/')?.0,
    };
    is_region(stated).then_some(stated)
}

/// Whether it looks like `us-east-1` or `us-gov-west-1`.
fn is_region(word: &str) -> bool {
    let mut parts = word.split('-');
    let first = parts
        .next()
        .is_some_and(|part| part.len() == 2 || part == "eusc");
    let number = parts
        .next_back()
        .is_some_and(|part| part.len() == 1 && part.parse::<u8>().is_ok());
    let middle: Vec<&str> = parts.collect();
    let letters =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    first && number && !middle.is_empty() && middle.iter().all(letters)
}

/// The address of a service in the region of the model or the deployment.
#[must_use]
pub fn base(service: &str, model: &str, options: &Options) -> Option<Cow<'static, str>> {
    let region = region_of_model(model).or_else(|| options.get("aws_region_name"))?;
    // Where a file is checked without its secrets, an address stands in for each of them.
    if region.contains("://") {
        return Some(Cow::Owned(region.to_owned()));
    }
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    Some(Cow::Owned(format!(
        "https://{service}.{region}.amazonaws.com{suffix}"
    )))
}

/// What a deployment must say and does not.
#[must_use]
pub fn lack(model: &str, options: &Options, has: &Has) -> Option<&'static str> {
    let says = |key| options.get(key).is_some();
    let region = options.get("aws_region_name");
    if region.is_some_and(|region| !region.contains("://") && !is_region(region)) {
        return Some("`aws_region_name` is not the name of a region, such as `us-east-1`");
    }
    if says("aws_access_key_id") != says("aws_secret_access_key") {
        return Some(
            "`aws_access_key_id` and `aws_secret_access_key` go together, and one is missing",
        );
    }
    if !has.key && !says("aws_access_key_id") {
        return Some(
            "no AWS credentials: set `aws_access_key_id` and `aws_secret_access_key`, or `api_key` to an API key of Bedrock's",
        );
    }
    let located = region.is_some() || region_of_model(model).is_some();
    let known = located || (has.key && has.base);
    (!known).then_some("no AWS region: set `aws_region_name`")
}

/// A name as one segment of a path.
///
/// # Errors
/// A 400 when no model has such a name: it is meant to lead elsewhere.
pub fn segment(name: &str) -> Result<String, ApiError> {
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '+');
    let climbs = name
        .split('/')
        .any(|part| part.is_empty() || part.bytes().all(|byte| byte == b'.'));
    if climbs || !name.chars().all(allowed) {
        let words = format!("no model has the name '{name}'");
        return Err(ApiError::new(400, Class::BadRequest, words)
            .with_code("invalid_value")
            .with_param("model"));
    }
    Ok(utf8_percent_encode(name, sigv4::RESERVED).to_string())
}

/// Eight digits that tell a text from others.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    sigv4::hex(digest.get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_told_from_other_words() {
        for word in [
            "us-east-1",
            "eusc-de-east-1",
            "ap-southeast-2",
            "us-gov-west-1",
            "cn-north-1",
        ] {
            assert!(is_region(word), "{word}");
        }
        for word in [
            "",
            "us",
            "bedrock-runtime",
            "vpce-svc-1",
            "us-east-",
            "us--1",
            "us-1",
            "us-EAST-1",
        ] {
            assert!(!is_region(word), "{word}");
        }
    }

    #[test]
    fn a_models_name_may_tell_the_region() {
        let arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc";
        assert_eq!(region_of_model(arn), Some("us-west-2"));
        assert_eq!(
            region_of_model("eu-west-1/anthropic.claude-3"),
            Some("eu-west-1")
        );
        assert_eq!(region_of_model("us.anthropic.claude-3"), None);
        assert_eq!(region_of_model("arn:aws:bedrock"), None);
    }

    #[test]
    fn t106_a_name_is_one_segment() {
        let model = "anthropic.claude-3-5-sonnet-20240620-v1:0";
        assert_eq!(
            segment(model).unwrap(),
            "anthropic.claude-3-5-sonnet-20240620-v1%3A0"
        );
        let arn = "arn:aws:bedrock:us-west-2:1:prompt/abc";
        assert_eq!(
            segment(arn).unwrap(),
            "arn%3Aaws%3Abedrock%3Aus-west-2%3A1%3Aprompt%2Fabc"
        );
    }

    #[test]
    fn t107_a_name_that_leads_elsewhere_is_refused() {
        for name in [
            "",
            "..",
            "../../v1/files?x=",
            "a//b",
            "a/./b",
            "a?b",
            "a#b",
            "a%2e",
            "a b",
            "ž",
        ] {
            let error = segment(name).unwrap_err();
            assert_eq!(
                (error.status, error.param.as_deref()),
                (400, Some("model")),
                "{name}"
            );
        }
    }

    #[test]
    fn names_are_told_apart_by_their_digest() {
        assert_eq!(fingerprint(&"a".repeat(100)), "28165978");
    }
}
