//! Clients that speak Google's own format: their bytes go out as they came, but for what was said to the gateway.

use super::frame::{Frame, finish};
use crate::canonical::answer::FinishReason;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::request::TO_GATEWAY;
use crate::canonical::seen::Seen;
use crate::provider::anthropic::fault::not_understood;
use crate::provider::{Follow, Followed};
use crate::usage::Usage;
use crate::usage::estimate::Estimator;
use crate::wire::json::{Reader, Splice};

/// What the client asks of the model. Without `alt` a stream is one JSON array, for clients that want it so.
pub(super) fn verb(asked: &Asked<'_>) -> &'static str {
    if asked.stream && !asked.path.is_empty() && !asked.path.contains("alt=sse") {
        return "streamGenerateContent";
    }
    super::verb(asked.stream)
}

/// The client's body for the vendor; `None` when it needs no edit.
pub(super) fn body(asked: &Asked<'_>) -> Option<Vec<u8>> {
    let mut splice = Splice::new(asked.body, &asked.members);
    let ours = |name: &&str| TO_GATEWAY.contains(name) || *name == "model";
    for member in asked.members.iter() {
        let name = member.key.decode();
        if ours(&name.as_ref()) {
            splice.remove(member);
        }
    }
    splice.apply()
}

/// Follows one answer in Google's own format.
#[derive(Debug)]
pub(super) struct Content {
    text: Estimator,
    vendor: &'static str,
}

impl Content {
    /// An answer of the vendor of that name.
    pub fn new(vendor: &'static str) -> Self {
        Self {
            text: Estimator::default(),
            vendor,
        }
    }

    fn note(&mut self, data: &[u8], seen: &mut Seen) {
        let frame = match Frame::read(data) {
            Ok(frame) => frame,
            Err(_) if data.starts_with(b"[") => {
                seen.failure = Some(ApiError::inside(self.vendor, data));
                return;
            }
            Err(fault) => {
                seen.failure = Some(not_understood(&fault.to_string()));
                return;
            }
        };
        if frame.failed {
            seen.failure = Some(ApiError::inside(self.vendor, data));
            return;
        }
        for candidate in &frame.candidates {
            for part in &candidate.parts {
                let text = part.text.map(|text| text.raw()).unwrap_or_default();
                let args = part.call.as_ref().and_then(|call| call.args);
                self.text.feed(text);
                self.text.feed(args.unwrap_or_default());
                // Parts of other kinds are content too; an empty text only ends an answer.
                seen.content |= part.text.is_none() || !text.is_empty();
            }
            if let Some(reason) = candidate.finish {
                seen.complete = true;
                seen.withheld |= finish(&reason.decode(), false) == FinishReason::ContentFilter;
            }
        }
        if frame.candidates.is_empty() && frame.blocked.is_some() {
            seen.complete = true;
            seen.withheld = true;
        }
        seen.text_tokens = self.text.tokens();
        seen.usage = frame.usage.and_then(Usage::from_google).or(seen.usage);
    }
}

impl Follow for Content {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let mut seen = Seen::default();
        let is_array = body.trim_ascii_start().starts_with(b"[");
        if is_array {
            let read = Reader::new(body).array(|reader, _| {
                let frame = reader.skip()?;
                if seen.failure.is_none() {
                    self.note(frame, &mut seen);
                }
                Ok(())
            });
            read.map_err(|fault| not_understood(&fault.to_string()))?;
        } else {
            self.note(body, &mut seen);
        }
        if let Some(failure) = seen.failure {
            return Err(failure);
        }
        if !seen.complete && !seen.content {
            return Err(not_understood("no `candidates`"));
        }
        Ok(Followed {
            usage: seen.usage,
            withheld: seen.withheld,
            ..Followed::default()
        })
    }

    fn event(&mut self, _name: Option<&[u8]>, data: &[u8], seen: &mut Seen) {
        self.note(data, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::asked::Line;
    use crate::canonical::format::Format;
    use crate::provider::gemini::GEMINI;
    use crate::provider::gemini::vertex::VERTEX;
    use crate::provider::{Encoded, Options, Provider, Reading, Target};
    use crate::value::secret::Secret;
    use crate::wire::json::Members;

    fn encoded(provider: &dyn Provider, json: &str, path: &str, stream: bool) -> Encoded {
        let line = Line::of(Format::Gemini);
        let asked = Asked {
            format: Format::Gemini,
            body: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "group".into(),
            stream,
            include_usage: false,
            path,
            method: "POST",
            headers: &line.headers,
        };
        let project = Secret::new("p".to_owned());
        let options: Options = [("vertex_project", project)].into_iter().collect();
        let target = Target {
            options: &options,
            ..Target::of_model("gemini-3-pro")
        };
        provider.native(&asked, &target).unwrap().unwrap()
    }

    fn events(frames: &[&str]) -> Seen {
        let mut seen = Seen::default();
        let mut follow = Content::new("gemini");
        for frame in frames {
            follow.event(None, frame.as_bytes(), &mut seen);
        }
        seen
    }

    #[test]
    fn a_clients_body_goes_out_as_it_came() {
        let json = r#"{ "contents":[ {"parts":[{"text":"\u00e9"}]} ],"x":1.10 }"#;
        assert!(encoded(&GEMINI, json, "", false).body.is_none());
        let said = r#"{"tags":["a"],"contents":[],"model":"group"}"#;
        let body = encoded(&GEMINI, said, "", false).body.unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), r#"{"contents":[]}"#);
    }

    #[test]
    fn the_path_says_model_and_verb() {
        for (path, stream, expected) in [
            ("", false, "gemini-3-pro:generateContent"),
            ("", true, "gemini-3-pro:streamGenerateContent?alt=sse"),
            (
                "/x?alt=sse",
                true,
                "gemini-3-pro:streamGenerateContent?alt=sse",
            ),
            ("/x?key=k", true, "gemini-3-pro:streamGenerateContent"),
        ] {
            let studio = encoded(&GEMINI, "{}", path, stream).path;
            assert_eq!(studio, format!("/v1beta/models/{expected}"));
            let vertex = encoded(&VERTEX, "{}", path, stream).path;
            let place = "/v1/projects/p/locations/us-central1/publishers/google/models/";
            assert_eq!(vertex, format!("{place}{expected}"));
        }
    }

    #[test]
    fn a_stream_is_complete_when_google_says_why_it_stopped() {
        let start = r#"{"candidates":[{"content":{"parts":[{"text":"hello"}]}}],"usageMetadata":{"promptTokenCount":3}}"#;
        let seen = events(&[start]);
        assert!(seen.content && !seen.complete && seen.text_tokens > 0);
        let end = r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}"#;
        let seen = events(&[start, end]);
        let usage = seen.usage.unwrap();
        assert!(seen.complete && !seen.withheld);
        assert_eq!((usage.input, usage.output), (3, 4));
    }

    #[test]
    fn withheld_answers_and_blocked_prompts_are_told() {
        let withheld = events(&[r#"{"candidates":[{"finishReason":"SAFETY"}]}"#]);
        assert!(withheld.complete && withheld.withheld && !withheld.content);
        let blocked = events(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#]);
        assert!(blocked.complete && blocked.withheld);
    }

    #[test]
    fn errors_in_a_stream_are_its_failure() {
        let seen =
            events(&[r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}"#]);
        assert_eq!(seen.failure.unwrap().status, 429);
        assert_eq!(events(&["{"]).failure.unwrap().status, 502);
    }

    #[test]
    fn a_complete_answer_passes_and_is_counted() {
        let answer = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}"#;
        for body in [answer.to_owned(), format!("[{answer},\n{answer}]")] {
            let followed = Content::new("gemini").whole(body.as_bytes()).unwrap();
            assert!(followed.body.is_none());
            assert_eq!(followed.usage.map(|usage| usage.output), Some(4));
        }
        for body in ["{}", "", "[]", r#"[{"error":{"code":400,"message":"m"}}]"#] {
            assert!(
                Content::new("gemini").whole(body.as_bytes()).is_err(),
                "{body}"
            );
        }
    }

    #[test]
    fn another_format_is_not_spoken() {
        let line = Line::of(Format::Responses);
        let asked = Asked {
            format: Format::Responses,
            body: b"{}",
            members: Members::default(),
            model: "group".into(),
            stream: false,
            include_usage: false,
            path: "",
            method: "POST",
            headers: &line.headers,
        };
        assert!(GEMINI.native(&asked, &Target::of_model("m")).is_none());
        let reading = encoded(&GEMINI, "{}", "", false).reading;
        assert!(matches!(reading, Reading::Native(_)));
    }
}
