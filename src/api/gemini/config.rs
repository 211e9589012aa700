//! `generationConfig` as the parameters of a chat.

use super::fields::{value, word};
use super::schema;
use crate::api::look::{as_text, elements, is_true, object, unsupported};
use crate::canonical::error::ApiError;
use crate::wire::json::{Members, Object};

/// Parameters that a chat has by another name.
const RENAMED: [(&str, &str); 8] = [
    ("frequencyPenalty", "frequency_penalty"),
    ("maxOutputTokens", "max_completion_tokens"),
    ("presencePenalty", "presence_penalty"),
    ("seed", "seed"),
    ("stopSequences", "stop"),
    ("temperature", "temperature"),
    ("topK", "top_k"),
    ("topP", "top_p"),
];

/// What a request says of how it is to be answered.
#[derive(Debug)]
pub(super) struct Config<'a> {
    config: Members<'a>,
    effort: Option<String>,
    format: Option<Vec<u8>>,
    tier: Option<String>,
}

impl<'a> Config<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// A 400 naming what a chat has nothing for.
    pub fn read(members: &Members<'a>) -> Result<Self, ApiError> {
        let config = value(members, "generationConfig")
            .map(object)
            .unwrap_or_default();
        if value(members, "cachedContent").is_some() {
            let words = "'cachedContent' is kept by Google, and this model is another provider's: send the contents themselves";
            return Err(unsupported("cachedContent", words));
        }
        check(&config)?;
        let thinking = value(&config, "thinkingConfig")
            .map(object)
            .unwrap_or_default();
        let tier = word(members, "serviceTier").to_ascii_lowercase();
        Ok(Self {
            effort: effort(&thinking),
            format: format(&config)?,
            tier: (!tier.is_empty()).then(|| {
                if tier == "standard" {
                    "default".to_owned()
                } else {
                    tier
                }
            }),
            config,
        })
    }

    /// Writes it as a chat has it.
    pub fn write(&self, chat: &mut Object<'_>) {
        for (theirs, ours) in RENAMED {
            match value(&self.config, theirs) {
                Some(b"[]") | None => {}
                Some(value) => chat.raw(ours, value),
            }
        }
        if let Some(effort) = &self.effort {
            chat.string("reasoning_effort", effort);
        }
        if let Some(format) = &self.format {
            chat.raw("response_format", format);
        }
        if let Some(tier) = &self.tier {
            chat.string("service_tier", tier);
        }
    }
}

fn check(config: &Members<'_>) -> Result<(), ApiError> {
    let refuse = |name: &str| {
        let words = format!(
            "'generationConfig.{name}' is not supported for this model: its provider is not Google"
        );
        Err(unsupported(name, words))
    };
    if value(config, "candidateCount").is_some_and(|count| count != b"1") {
        return refuse("candidateCount");
    }
    if is_true(value(config, "responseLogprobs")) {
        return refuse("responseLogprobs");
    }
    let is_text =
        |kind: &[u8]| as_text(kind).is_some_and(|kind| kind.decode().eq_ignore_ascii_case("text"));
    let modalities = value(config, "responseModalities")
        .map(elements)
        .unwrap_or_default();
    if !modalities.into_iter().all(is_text) {
        return refuse("responseModalities");
    }
    Ok(())
}

/// The effort that goes with a level, or a budget; `None` where the model decides.
fn effort(thinking: &Members<'_>) -> Option<String> {
    let level = word(thinking, "thinkingLevel").to_ascii_lowercase();
    if !level.is_empty() && !level.ends_with("unspecified") {
        return Some(level);
    }
    let budget = value(thinking, "thinkingBudget")?;
    let tokens: i64 = core::str::from_utf8(budget)
        .ok()?
        .trim_matches('"')
        .parse()
        .ok()?;
    let effort = match tokens {
        ..0 => return None,
        0 => "none",
        1..1_024 => "minimal",
        1_024..2_048 => "low",
        2_048..4_096 => "medium",
        4_096.. => "high",
    };
    Some(effort.to_owned())
}

/// The format of the answer; `None` for text.
fn format(config: &Members<'_>) -> Result<Option<Vec<u8>>, ApiError> {
    let kind = word(config, "responseMimeType");
    let standard =
        value(config, "responseJsonSchema").or_else(|| value(config, "_responseJsonSchema"));
    let own = value(config, "responseSchema");
    let mut out = Vec::new();
    match (kind.as_ref(), standard, own) {
        ("text/x.enum", _, _) => {
            let words = "'generationConfig.responseMimeType' must be 'text/plain' or 'application/json' for this model";
            return Err(unsupported("responseMimeType", words));
        }
        (_, None, None) if kind == "application/json" => {
            out.extend_from_slice(b"{\"type\":\"json_object\"}");
        }
        (_, None, None) => return Ok(None),
        (_, Some(schema), _) => write_format(&mut out, schema),
        (_, None, Some(own)) => write_format(&mut out, &schema::standard(own)),
    }
    Ok(Some(out))
}

fn write_format(out: &mut Vec<u8>, schema: &[u8]) {
    Object::write(out, |format| {
        format.raw("type", b"\"json_schema\"");
        format.object("json_schema", |inner| {
            inner.raw("name", b"\"response\"");
            inner.raw("schema", schema);
        });
    });
}
