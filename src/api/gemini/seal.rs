//! Signatures of vendors other than Google: Gemini's clients send back only bytes that they know as `thoughtSignature`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::api::look::push_joined;
use crate::canonical::answer::ThinkingBlock;
use crate::wire::json::{Object, Text};

/// What tells a signature and hidden reasoning from Google's own.
const SIGNED: &str = "signed:";
const REDACTED: &str = "redacted:";

/// Padded or not: clients differ.
const LAX: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A block as text and `thoughtSignature`.
pub(super) fn sealed(block: &ThinkingBlock) -> (&str, String) {
    let (text, bytes) = match block {
        ThinkingBlock::Redacted { data } => ("", [REDACTED, data].concat()),
        ThinkingBlock::Signed {
            signature,
            thinking,
        } => (thinking.as_str(), [SIGNED, signature].concat()),
    };
    (text, STANDARD.encode(bytes))
}

/// What a signature of ours says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sealed {
    /// Reasoning that is not shown.
    Redacted(String),
    /// The signature of the thoughts before it.
    Signed(String),
}

/// What a `thoughtSignature` says, in either alphabet; `None` for Google's own.
pub(super) fn unsealed(signature: &str) -> Option<Sealed> {
    let standard: Cow<'_, str> = if signature.contains(['-', '_']) {
        signature.replace('-', "+").replace('_', "/").into()
    } else {
        signature.into()
    };
    let text = String::from_utf8(LAX.decode(standard.as_bytes()).ok()?).ok()?;
    if let Some(data) = text.strip_prefix(REDACTED) {
        return Some(Sealed::Redacted(data.to_owned()));
    }
    let signature = text.strip_prefix(SIGNED)?;
    Some(Sealed::Signed(signature.to_owned()))
}

impl Sealed {
    /// The block that it and the thoughts are.
    pub fn block(&self, thoughts: &[Text<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        Object::write(&mut out, |block| match self {
            Self::Redacted(data) => {
                block.raw("type", b"\"redacted_thinking\"");
                block.string("data", data);
            }
            Self::Signed(signature) => {
                block.raw("type", b"\"thinking\"");
                block.with("thinking", |out| push_joined(out, thoughts, ""));
                block.string("signature", signature);
            }
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_comes_back_as_it_was_whatever_alphabet_the_client_writes() {
        let signature = "Eq??>>~~QB+/==".to_owned();
        let block = ThinkingBlock::Signed {
            signature: signature.clone(),
            thinking: "hm".to_owned(),
        };
        let (text, seal) = sealed(&block);
        let other = seal.replace('+', "-").replace('/', "_");
        assert_eq!(text, "hm");
        for seal in [seal.as_str(), other.as_str(), seal.trim_end_matches('=')] {
            assert_eq!(
                unsealed(seal),
                Some(Sealed::Signed(signature.clone())),
                "{seal}"
            );
        }
    }

    #[test]
    fn googles_own_signatures_are_left_alone() {
        for signature in ["Q2lRQg==", "____", "not base64!", ""] {
            assert_eq!(unsealed(signature), None, "{signature}");
        }
    }
}
