//! `generationConfig`: how much is said, how it is drawn, and in which form.

use std::borrow::Cow;

use super::models::Abilities;
use super::params::{Own, camel};
use super::schema;
use super::thinking::Reasoning;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::request::ChatRequest;
use crate::provider::anthropic::fault::invalid;
use crate::provider::anthropic::output::Wanted;
use crate::provider::anthropic::sampling::{stated_max, stops};
use crate::provider::anthropic::text::mended;
use crate::wire::json::{Array, Members, Object, Reader, push_string};

/// The most texts that may end an answer.
const MOST_STOPS: usize = 5;

/// The members of `generationConfig`, each once.
#[derive(Debug, Default)]
pub(super) struct Generation {
    members: Vec<(Cow<'static, str>, Vec<u8>)>,
}

/// What is known of a request besides its members.
pub(super) struct Known<'k> {
    pub abilities: Abilities,
    pub reasoning: Option<Reasoning>,
    /// How closely everything shown is looked at.
    pub resolution: Option<&'static str>,
    pub own: &'k [Own<'k>],
}

impl Generation {
    /// Reads everything a request says about it.
    ///
    /// # Errors
    /// A 400 when a member is not what its format says.
    pub fn read(request: &ChatRequest<'_>, known: &Known<'_>) -> Result<Self, ApiError> {
        let mut config = Self::default();
        config.limits(request)?;
        config.sampling(request, &known.abilities)?;
        config.choices(request)?;
        config.format(request, &known.abilities)?;
        config.modalities(request)?;
        for member in known.own.iter().filter(|member| member.in_config) {
            config.set(
                Cow::Owned(member.name.clone()),
                mended(member.value).into_owned(),
            );
        }
        for name in ["generationConfig", "generation_config"] {
            let stated = request.members.get(name);
            let stated = stated.and_then(|member| Members::read(member.value).ok());
            for member in stated.unwrap_or_default().iter() {
                let name = camel(&member.key.decode());
                config.set(Cow::Owned(name), mended(member.value).into_owned());
            }
        }
        if let Some(reasoning) = known.reasoning {
            config.with("thinkingConfig", |out| reasoning.write(out));
        }
        if let Some(level) = known
            .resolution
            .filter(|_| !known.abilities.resolution_by_part())
        {
            config.with("mediaResolution", |out| push_string(out, level));
        }
        Ok(config)
    }

    /// Writes it, if there is anything in it.
    pub fn write(&self, body: &mut Object<'_>) {
        if !self.members.is_empty() {
            body.object("generationConfig", |config| {
                for (name, value) in &self.members {
                    config.raw(name, value);
                }
            });
        }
    }

    fn set(&mut self, name: Cow<'static, str>, value: Vec<u8>) {
        let is_there = self.members.iter().any(|(known, _)| *known == name);
        if !is_there && value != b"null" {
            self.members.push((name, value));
        }
    }

    fn with(&mut self, name: &'static str, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut value = Vec::new();
        fill(&mut value);
        self.set(Cow::Borrowed(name), value);
    }

    fn number(&mut self, name: &'static str, value: Option<u64>) {
        if let Some(value) = value {
            self.set(Cow::Borrowed(name), value.to_string().into_bytes());
        }
    }

    fn limits(&mut self, request: &ChatRequest<'_>) -> Result<(), ApiError> {
        let most = stated_max(request)?;
        if most == Some(0) {
            return Err(invalid("max_tokens", "max_tokens must be at least 1"));
        }
        self.number("maxOutputTokens", most);
        let stops = stops(request)?;
        let said: Vec<_> = stops.iter().filter(|stop| !stop.is_empty()).collect();
        if !said.is_empty() {
            self.with("stopSequences", |out| {
                Array::write(out, |array| {
                    for stop in said.into_iter().take(MOST_STOPS) {
                        array.with(|out| push_string(out, stop));
                    }
                });
            });
        }
        Ok(())
    }

    fn sampling(
        &mut self,
        request: &ChatRequest<'_>,
        abilities: &Abilities,
    ) -> Result<(), ApiError> {
        for (name, theirs) in [
            ("temperature", "temperature"),
            ("top_p", "topP"),
            ("top_k", "topK"),
            ("presence_penalty", "presencePenalty"),
            ("frequency_penalty", "frequencyPenalty"),
        ] {
            let is_penalty = theirs.ends_with("Penalty");
            let Some(_) = request.member::<f64>(name)? else {
                continue;
            };
            let spelled = request.members.get(name).map(|member| member.value);
            if !is_penalty || abilities.penalties() {
                self.set(Cow::Borrowed(theirs), spelled.unwrap_or_default().to_vec());
            }
        }
        if let Some(seed) = request.member::<i64>("seed")? {
            // Google's seeds have 31 bits.
            self.number("seed", u64::try_from(seed.rem_euclid(1 << 31)).ok());
        }
        Ok(())
    }

    fn choices(&mut self, request: &ChatRequest<'_>) -> Result<(), ApiError> {
        let several = request.member::<u64>("n")?;
        self.number(
            "candidateCount",
            several.filter(|n| *n > 1 && !request.stream),
        );
        if request.member::<bool>("logprobs")? == Some(true) && !request.stream {
            self.set(Cow::Borrowed("responseLogprobs"), b"true".to_vec());
            let top = request.member::<u64>("top_logprobs")?;
            self.number("logprobs", top.filter(|top| *top > 0));
        }
        Ok(())
    }

    fn format(&mut self, request: &ChatRequest<'_>, abilities: &Abilities) -> Result<(), ApiError> {
        let Some(member) = request.members.get("response_format") else {
            return Ok(());
        };
        let json = mended(member.value);
        let wanted = Wanted::read(&json)?;
        if wanted != Wanted::Words {
            self.with("responseMimeType", |out| {
                push_string(out, "application/json")
            });
        }
        let Wanted::Schema(schema) = wanted else {
            return Ok(());
        };
        if abilities.answer_schemas() {
            if let Some(schema) = schema::whole(schema) {
                self.set(Cow::Borrowed("responseJsonSchema"), schema.into_owned());
            }
        } else if let Some(schema) = schema::subset(schema, true) {
            self.set(Cow::Borrowed("responseSchema"), schema);
        }
        Ok(())
    }

    fn modalities(&mut self, request: &ChatRequest<'_>) -> Result<(), ApiError> {
        let stated = request.member::<Vec<Cow<'_, str>>>("modalities")?;
        let mut wanted: Vec<String> = stated
            .unwrap_or_default()
            .iter()
            .map(|name| name.to_ascii_uppercase())
            .collect();
        let audio = request.members.get("audio");
        if let Some(audio) = audio.filter(|member| member.value != b"null" && !request.stream) {
            if !wanted.iter().any(|name| name == "AUDIO") {
                wanted.push("AUDIO".to_owned());
            }
            self.voice(audio.value)?;
        }
        // Text alone is what comes anyway.
        if wanted.iter().any(|name| name != "TEXT") {
            self.with("responseModalities", |out| {
                Array::write(out, |array| {
                    for name in &wanted {
                        array.with(|out| push_string(out, name));
                    }
                });
            });
        }
        Ok(())
    }

    fn voice(&mut self, audio: &[u8]) -> Result<(), ApiError> {
        let mut voice = None;
        let read = Reader::new(audio).object(|reader, key| {
            let value = reader.optional_string()?;
            voice = if key.is("voice") { value } else { voice };
            Ok(())
        });
        if read.is_err() {
            let words = "'audio' must be an object";
            return Err(ApiError::new(400, Class::BadRequest, words).with_param("audio"));
        }
        let Some(voice) = voice else {
            return Ok(());
        };
        self.with("speechConfig", |out| {
            Object::write(out, |speech| {
                speech.object("voiceConfig", |config| {
                    config.object("prebuiltVoiceConfig", |prebuilt| {
                        prebuilt.text("voiceName", voice);
                    });
                });
            });
        });
        Ok(())
    }
}
