//! Every vendor that speaks OpenAI's chat format: one table, one way of asking.
//! The body is spliced, so that whatever the gateway has no business with arrives as sent.

pub mod decode;
mod edit;
mod table;

use super::{Encoded, Provider, Reading, Target, rerank};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;

pub(super) use table::OLLAMA;
pub use table::TABLE;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpenaiLike {
    /// The prefix in `provider/model`.
    pub name: &'static str,
    /// The default `api_base`; `None` when only the operator can know it.
    pub base: Option<&'static str>,
    /// The environment variable that LiteLLM reads the key from.
    pub key: Option<&'static str>,
    /// The path to assume when the operator's `api_base` has none.
    pub bare_path: &'static str,
    /// What the vendor is known to refuse.
    pub quirks: Quirks,
}

/// What a vendor is known to refuse, and what it wants instead.
#[derive(Clone, Copy, Debug)]
pub struct Quirks {
    /// Members it refuses.
    pub drop: &'static [&'static str],
    /// Members it knows by another name: (OpenAI's, its own).
    pub rename: &'static [(&'static str, &'static str)],
    /// Whether it takes `stream_options.include_usage`. Without, it sends usage unasked.
    pub stream_options: bool,
    /// Whether it knows the role `developer`; else it is told `system`.
    pub developer: bool,
}

impl Provider for OpenaiLike {
    fn name(&self) -> &'static str {
        self.name
    }

    fn default_base(&self) -> Option<&'static str> {
        self.base
    }

    fn key_variable(&self) -> Option<&'static str> {
        self.key
    }

    fn speaks_openai(&self) -> bool {
        true
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let mut headers = Vec::with_capacity(1);
        if let Some(key) = target.key {
            headers.push(("authorization", format!("Bearer {}", key.expose())));
        }
        Ok(Encoded {
            path: self.path(target.base_path),
            headers,
            body: edit::body(request, target.model, &self.quirks),
            reading: Reading::Openai,
        })
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        rerank::beside(self.name, asked, target)
    }
}

impl OpenaiLike {
    fn path(&self, base: &str) -> String {
        const CHAT: &str = "/chat/completions";
        let base = if base.is_empty() {
            self.bare_path
        } else {
            base
        };
        if base.ends_with(CHAT) {
            return base.to_owned();
        }
        [base, CHAT].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::request::TO_GATEWAY;
    use crate::provider::find;
    use crate::value::secret::Secret;
    use crate::wire::json::Members;

    fn encode(provider: &str, json: &str) -> (String, String) {
        let members = Members::read(json.as_bytes()).unwrap();
        let request = ChatRequest {
            json: json.as_bytes(),
            stream: members
                .get("stream")
                .is_some_and(|member| member.value == b"true"),
            members,
            model: "group".into(),
            include_usage: false,
        };
        let key = Secret::new("sk-1".to_owned());
        let target = Target {
            key: Some(&key),
            base_path: "/v1",
            ..Target::of_model("vendor-model")
        };
        let encoded = find(provider).unwrap().encode(&request, &target).unwrap();
        let body = encoded.body.unwrap_or_else(|| json.as_bytes().to_vec());
        (encoded.path, String::from_utf8(body).unwrap())
    }

    #[test]
    fn all_but_the_model_arrives_as_sent() {
        let (path, body) = encode(
            "openai",
            r#"{ "x":[1.10, 1e-7],"model" : "group","messages":[{"role":"user"}] }"#,
        );
        assert_eq!(path, "/v1/chat/completions");
        assert_eq!(
            body,
            r#"{ "x":[1.10, 1e-7],"model" : "vendor-model","messages":[{"role":"user"}] }"#
        );
    }

    #[test]
    fn what_is_said_to_the_gateway_is_not_sent_on() {
        let said: Vec<String> = TO_GATEWAY
            .iter()
            .map(|name| format!(r#""{name}":["x"],"#))
            .collect();
        let sent = format!(
            r#"{{{}"model":"g","fallb\u0061cks":[],"n":1}}"#,
            said.concat()
        );
        assert_eq!(
            encode("openai", &sent).1,
            r#"{"model":"vendor-model","n":1}"#
        );
    }

    #[test]
    fn of_the_metadata_only_tags_are_the_gateways() {
        for (sent, arrives) in [
            (r#"{"tags":["a"]}"#, None),
            (r#"{"tags":["a"],"k":"v"}"#, Some(r#"{"k":"v"}"#)),
            (r#"{"k":"v", "tags" : [] }"#, Some(r#"{"k":"v" }"#)),
            (r#"{"tags":"mine"}"#, Some(r#"{"tags":"mine"}"#)),
            ("{}", Some("{}")),
            ("null", Some("null")),
        ] {
            let body = encode("openai", &format!(r#"{{"model":"g","metadata":{sent}}}"#)).1;
            let arrives = arrives.map(|value| format!(r#","metadata":{value}"#));
            let arrives = arrives.unwrap_or_default();
            assert_eq!(body, format!(r#"{{"model":"vendor-model"{arrives}}}"#));
        }
        let twice = r#"{"model":"g","metadata":{"tags":["a"]},"metadata":{"k":"v"}}"#;
        assert_eq!(
            encode("openai", twice).1,
            r#"{"model":"vendor-model","metadata":{"k":"v"}}"#
        );
    }

    #[test]
    fn streams_ask_for_usage_whatever_the_client_said() {
        for (sent, arrives) in [
            (
                r#"{"model":"g","stream":true}"#,
                r#"{"stream_options":{"include_usage":true},"model":"vendor-model","stream":true}"#,
            ),
            (
                r#"{"model":"g","stream":true,"stream_options":null}"#,
                r#"{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true}}"#,
            ),
            (
                r#"{"model":"g","stream":true,"stream_options":{"a": 1,"include_usage":false}}"#,
                r#"{"model":"vendor-model","stream":true,"stream_options":{"a": 1,"include_usage":true}}"#,
            ),
            (
                r#"{"model":"g","stream":true,"stream_options":{"a": 1}}"#,
                r#"{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true,"a": 1}}"#,
            ),
            (
                r#"{"model":"g","stream":true,"stream_options":{}}"#,
                r#"{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true}}"#,
            ),
            (
                r#"{"model":"g","stream":false,"stream_options":{}}"#,
                r#"{"model":"vendor-model","stream":false,"stream_options":{}}"#,
            ),
        ] {
            assert_eq!(encode("openai", sent).1, arrives, "{sent}");
        }
    }

    #[test]
    fn vendors_that_refuse_stream_options_never_see_them() {
        let (_, body) = encode(
            "mistral",
            r#"{"model":"g","stream":true,"stream_options":{"include_usage":true}}"#,
        );
        assert_eq!(body, r#"{"model":"vendor-model","stream":true}"#);
    }

    #[test]
    fn of_duplicate_members_only_the_one_that_counts_is_sent() {
        let (_, body) = encode(
            "openai",
            r#"{"model":"a","n":1,"model":"b","messages":1,"messages":2}"#,
        );
        assert_eq!(body, r#"{"n":1,"model":"vendor-model","messages":2}"#);
    }

    #[test]
    fn members_are_renamed_where_the_vendor_wants_another_name() {
        let (_, body) = encode("xai", r#"{"model":"g","max_completion_tokens":5}"#);
        assert_eq!(body, r#"{"model":"vendor-model","max_tokens":5}"#);
        let (_, body) = encode(
            "xai",
            r#"{"model":"g","max_completion_tokens":5,"max_tokens":7}"#,
        );
        assert_eq!(body, r#"{"model":"vendor-model","max_tokens":5}"#);
    }

    #[test]
    fn t02_developer_is_told_as_system_where_it_is_unknown() {
        let sent = r#"{"model":"g","messages":[{"role" : "developer","content":"the \"developer\""},{"role":"user"}]}"#;
        let (_, body) = encode("deepseek", sent);
        assert_eq!(
            body,
            r#"{"model":"vendor-model","messages":[{"role" : "system","content":"the \"developer\""},{"role":"user"}]}"#
        );
        assert_eq!(
            encode("openai", sent).1,
            sent.replace("\"g\"", "\"vendor-model\"")
        );
    }
}
