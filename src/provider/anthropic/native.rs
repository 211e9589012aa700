//! Clients that speak Anthropic's own format: their bytes go out as they came, but for the model and what was said to the gateway.

use super::fault::{Stated, not_understood};
use super::{VERSION, headers};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::request::{TO_GATEWAY, is_tags};
use crate::canonical::seen::Seen;
use crate::provider::{Encoded, Follow, Followed, Reading, Target};
use crate::usage::Anthropic as Counters;
use crate::usage::Usage;
use crate::usage::estimate::Estimator;
use crate::wire::json::{Fault, Members, Reader, Splice, Text, quote};

/// Words a request of Anthropic's own format; `None` for any other.
pub(super) fn encode(asked: &Asked<'_>, target: &Target<'_>) -> Option<Encoded> {
    let below = match asked.format {
        Format::CountTokens => "/count_tokens",
        Format::Messages => "",
        _ => return None,
    };
    let stated = |name: &str| asked.headers.get(name).unwrap_or_default().trim();
    let betas = stated("anthropic-beta").split(',').map(str::trim);
    let betas = betas.filter(|beta| !beta.is_empty()).collect();
    let version = Some(stated("anthropic-version")).filter(|version| !version.is_empty());
    Some(Encoded {
        path: [super::path(target.base_path).as_str(), below].concat(),
        headers: headers(target.key, version.unwrap_or(VERSION), betas),
        body: body(asked, target.model),
        reading: Reading::Native(Box::new(Message::of(asked.format))),
    })
}

/// The client's body for the vendor; `None` when it needs no edit. `model` is the vendor's name for the model.
#[must_use]
pub fn body(asked: &Asked<'_>, model: &str) -> Option<Vec<u8>> {
    let members = &asked.members;
    let mut splice = Splice::new(asked.body, members);
    let last = members.get("model").map(|member| &member.whole);
    for member in members.iter() {
        let stale = member.key.is("model") && Some(&member.whole) != last;
        if stale || TO_GATEWAY.iter().any(|name| member.key.is(name)) {
            splice.remove(member);
        }
    }
    let wanted = quote(model);
    match members.get("model") {
        Some(member) if member.value == wanted => {}
        Some(member) => splice.replace(member, wanted),
        None => splice.add("model", &wanted),
    }
    if let Some(member) = members.get("metadata")
        && let Some(rest) = without_tags(member.value)
    {
        splice.replace(member, rest);
    }
    splice.apply()
}

/// The metadata without the gateway's tags; `None` when it has none.
fn without_tags(metadata: &[u8]) -> Option<Vec<u8>> {
    let members = Members::read(metadata).ok()?;
    let mut splice = Splice::new(metadata, &members);
    members
        .iter()
        .filter(|member| is_tags(member))
        .for_each(|member| splice.remove(member));
    splice.apply()
}

/// Follows one answer in Anthropic's own format.
#[derive(Debug, Default)]
pub struct Message {
    /// Whether it is a count and no message.
    count: bool,
    counters: Counters,
    text: Estimator,
}

impl Message {
    /// An answer to a request of that format.
    #[must_use]
    pub fn of(format: Format) -> Self {
        Self {
            count: format == Format::CountTokens,
            ..Self::default()
        }
    }
}

impl Follow for Message {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let read = Event::read(body).map_err(|fault| not_understood(&fault.to_string()))?;
        if read.is("error") {
            return Err(read.failure());
        }
        if !self.count && !read.is("message") {
            return Err(not_understood("no message"));
        }
        Ok(Followed {
            usage: read.usage.and_then(Usage::from_anthropic),
            tier: read.usage.and_then(tier),
            withheld: read.stop_reason.is_some_and(|reason| reason.is("refusal")),
            ..Followed::default()
        })
    }

    fn event(&mut self, _name: Option<&[u8]>, data: &[u8], seen: &mut Seen) {
        let event = match Event::read(data) {
            Ok(event) => event,
            Err(fault) => {
                seen.failure = Some(not_understood(&fault.to_string()));
                return;
            }
        };
        if event.is("error") {
            seen.failure = Some(event.failure());
            return;
        }
        seen.complete |= event.is("message_stop");
        seen.content |= event.is("content_block_start") || event.is("content_block_delta");
        seen.withheld |= event.stop_reason.is_some_and(|reason| reason.is("refusal"));
        if let Some(text) = event.text {
            self.text.feed(text.raw());
            seen.text_tokens = self.text.tokens();
        }
        if let Some(usage) = event.usage {
            self.counters.overlay(usage);
            seen.usage = self.counters.usage();
            seen.tier = tier(usage).or(seen.tier.take());
        }
    }
}

/// Which tier serves it.
fn tier(usage: &[u8]) -> Option<String> {
    let usage = Members::read(usage).ok()?;
    let tier = Reader::new(usage.get("service_tier")?.value)
        .string()
        .ok()?;
    Some(tier.decode().into_owned())
}

/// What must be known of a message or of an event: whatever of it there is.
#[derive(Debug, Default)]
struct Event<'a> {
    error: Option<&'a [u8]>,
    kind: Option<Text<'a>>,
    stop_reason: Option<Text<'a>>,
    /// What a delta says.
    text: Option<Text<'a>>,
    usage: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut event = Event::default();
        let mut reader = Reader::new(json);
        reader.object(|reader, key| event.member(reader, key))?;
        reader.end()?;
        Ok(event)
    }

    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"delta" => {
                reader.optional_object(|reader, key| self.said(reader, key))?;
            }
            b"error" => self.error = Some(reader.skip()?),
            b"message" => {
                reader.optional_object(|reader, key| {
                    let value = reader.skip()?;
                    if key.is("usage") {
                        self.usage = Some(value);
                    }
                    Ok(())
                })?;
            }
            b"stop_reason" => self.stop_reason = reader.optional_string()?,
            b"type" => self.kind = reader.optional_string()?,
            b"usage" => self.usage = Some(reader.skip()?),
            _ => reader.ignore()?,
        }
        Ok(())
    }

    fn said(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"partial_json" | b"text" | b"thinking" => self.text = reader.optional_string()?,
            b"stop_reason" => self.stop_reason = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.is_some_and(|stated| stated.is(kind))
    }

    fn failure(&self) -> ApiError {
        let stated = serde_json::from_slice::<Stated<'_>>(self.error.unwrap_or(b"{}"));
        stated.unwrap_or_default().translate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::asked::Line;
    use crate::value::head::Head;
    use crate::value::secret::Secret;

    const REQUEST: &str = r#"{ "model" : "group", "max_tokens":5,"x":[1.10, 1e-7],"messages":[{"role":"user","content":"\u00e9"}] }"#;

    fn encoded(json: &str, fields: &[(&str, &str)], format: Format, key: &str) -> Encoded {
        let headers: Head = fields.iter().copied().collect();
        let line = Line::of(format);
        let asked = Asked {
            format,
            body: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "group".into(),
            stream: false,
            include_usage: false,
            path: "",
            method: &line.method,
            headers: &headers,
        };
        let key = Secret::new(key.to_owned());
        let target = Target {
            key: Some(&key),
            ..Target::of_model("claude-x")
        };
        encode(&asked, &target).unwrap()
    }

    fn sent(json: &str) -> String {
        let body = encoded(json, &[], Format::Messages, "sk-1").body;
        String::from_utf8(body.unwrap_or_else(|| json.as_bytes().to_vec())).unwrap()
    }

    fn header<'e>(encoded: &'e Encoded, name: &str) -> Option<&'e str> {
        let mut headers = encoded.headers.iter();
        let (_, value) = headers.find(|(known, _)| *known == name)?;
        Some(value)
    }

    #[test]
    fn all_but_the_model_arrives_as_sent() {
        assert_eq!(sent(REQUEST), REQUEST.replace("\"group\"", "\"claude-x\""));
        let same = REQUEST.replace("group", "claude-x");
        assert_eq!(sent(&same), same);
    }

    #[test]
    fn what_is_said_to_the_gateway_is_not_sent_on() {
        let said: Vec<String> = TO_GATEWAY
            .iter()
            .map(|name| format!(r#""{name}":["x"],"#))
            .collect();
        let json = format!(
            r#"{{{}"model":"g","metadata":{{"tags":["a"],"user_id":"u"}}}}"#,
            said.concat()
        );
        assert_eq!(
            sent(&json),
            r#"{"model":"claude-x","metadata":{"user_id":"u"}}"#
        );
    }

    #[test]
    fn of_two_models_only_the_one_that_counts_is_sent() {
        assert_eq!(
            sent(r#"{"model":"a","max_tokens":1,"model":"b"}"#),
            r#"{"max_tokens":1,"model":"claude-x"}"#
        );
    }

    #[test]
    fn counts_are_asked_for_next_to_messages() {
        for (format, path) in [
            (Format::Messages, "/v1/messages"),
            (Format::CountTokens, "/v1/messages/count_tokens"),
        ] {
            assert_eq!(encoded(REQUEST, &[], format, "sk-1").path, path);
        }
    }

    #[test]
    fn the_clients_version_and_betas_are_kept() {
        let fields = [
            ("anthropic-version", "2026-10-21"),
            ("anthropic-beta", "claude-code-20250219, future-2030-01-01"),
        ];
        let encoded = encoded(REQUEST, &fields, Format::Messages, "sk-1");
        assert_eq!(header(&encoded, "anthropic-version"), Some("2026-10-21"));
        assert_eq!(
            header(&encoded, "anthropic-beta"),
            Some("claude-code-20250219,future-2030-01-01")
        );
        assert_eq!(header(&encoded, "x-api-key"), Some("sk-1"));
    }

    #[test]
    fn a_client_that_names_no_version_gets_ours_and_a_token_its_beta() {
        let encoded = encoded(REQUEST, &[], Format::Messages, "sk-ant-oat01-x");
        assert_eq!(header(&encoded, "anthropic-version"), Some(VERSION));
        assert_eq!(header(&encoded, "anthropic-beta"), Some("oauth-2025-04-20"));
        assert_eq!(
            header(&encoded, "authorization"),
            Some("Bearer sk-ant-oat01-x")
        );
    }

    fn followed(events: &[&str]) -> Seen {
        let (mut follow, mut seen) = (Message::default(), Seen::default());
        for data in events {
            follow.event(None, data.as_bytes(), &mut seen);
        }
        seen
    }

    const START: &str = r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":20,"cache_read_input_tokens":100,"cache_creation_input_tokens":5,"output_tokens":1,"service_tier":"standard"}}}"#;

    #[test]
    fn t67_usage_is_told_in_pieces_that_replace_each_other() {
        let seen = followed(&[
            START,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30}}"#,
            r#"{"type":"message_stop"}"#,
        ]);
        let usage = seen.usage.unwrap();
        assert_eq!(
            (
                usage.input,
                usage.cache_read,
                usage.cache_write,
                usage.output
            ),
            (125, 100, 5, 30)
        );
        assert_eq!(seen.tier.as_deref(), Some("standard"));
        assert!(seen.complete && seen.failure.is_none());
    }

    #[test]
    fn the_beginning_and_pings_are_no_content() {
        let seen = followed(&[
            START,
            r#"{"type":"ping"}"#,
            r#"{"type":"future_event","a":[1]}"#,
        ]);
        assert!(!seen.content && !seen.complete && seen.failure.is_none());
        let seen = followed(&[
            START,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"future_block"}}"#,
        ]);
        assert!(seen.content);
    }

    #[test]
    fn text_reasoning_and_arguments_are_estimated() {
        let seen = followed(&[
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"12345678"}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"1234"}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1234"}}"#,
        ]);
        assert_eq!(seen.text_tokens, 4);
    }

    #[test]
    fn an_error_event_is_a_failure() {
        let seen = followed(&[
            START,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ]);
        assert_eq!(seen.failure.unwrap().status, 503);
        assert!(followed(&["nonsense"]).failure.is_some());
    }

    #[test]
    fn a_refusal_is_content_withheld() {
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"refusal"}}"#;
        assert!(followed(&[START, delta]).withheld);
        let whole = br#"{"type":"message","content":[],"stop_reason":"refusal"}"#;
        assert!(Message::default().whole(whole).unwrap().withheld);
    }

    #[test]
    fn a_whole_answer_is_counted_and_goes_out_unchanged() {
        let body = br#"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}"#;
        let followed = Message::default().whole(body).unwrap();
        assert_eq!(followed.usage.unwrap().total(), 5);
        assert_eq!(followed.body, None);
    }

    #[test]
    fn an_error_in_a_message_s_place_is_that_error() {
        let body = br#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
        assert_eq!(Message::default().whole(body).unwrap_err().status, 429);
        for body in [&b"<html>"[..], b"{}", b"[]"] {
            assert_eq!(Message::default().whole(body).unwrap_err().status, 502);
        }
    }

    #[test]
    fn a_count_has_no_usage() {
        let mut count = Message {
            count: true,
            ..Message::default()
        };
        let followed = count.whole(br#"{"input_tokens":7}"#).unwrap();
        assert_eq!(followed, Followed::default());
    }
}
