//! What a client says to the gateway itself: how often to try, how long to wait, where to go on, what to pretend.
//!
//! The names are LiteLLM's. A header counts before the member of the same meaning, and one that makes no sense is refused like a
//! member, because a client that misspells its limit should learn of it; an empty one says nothing.

use core::time::Duration;

use serde_json::{Map, Value};

use super::wrong_type;
use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::request::is_tags;
use crate::value::head::Head;
use crate::wire::json::Members;

/// What a client asks of the gateway. Nothing of it is sent to a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Controls {
    /// `content_policy_fallbacks`: model names, in place of the configured ones.
    pub content_policy_fallbacks: Option<Vec<String>>,
    /// `context_window_fallbacks`, likewise.
    pub context_window_fallbacks: Option<Vec<String>>,
    /// `fallbacks`, likewise. An empty list is a wish for none.
    pub fallbacks: Option<Vec<String>>,
    /// `max_completion_tokens`, else `max_tokens`: the most tokens of the answer. A provider gets to see it, and to refuse it
    /// where it is no number.
    pub max_output: Option<u64>,
    /// `mock_testing_*` and `mock_timeout`: what to pretend has failed.
    pub mock: Option<Mock>,
    /// `mock_response`: what to answer instead of asking a provider. As with LiteLLM any client may say so: nobody is asked and
    /// nothing is paid, and it can only fool itself.
    pub mock_response: Option<String>,
    /// `disable_fallbacks`.
    pub no_fallbacks: bool,
    /// `x-litellm-num-retries`, `num_retries`.
    pub retries: Option<u32>,
    /// `x-litellm-stream-timeout`, `stream_timeout`: until the first content of a stream.
    pub stream_timeout: Option<Duration>,
    /// `x-litellm-tags`, `tags` and `metadata.tags` together, each once.
    pub tags: Vec<String>,
    /// `x-litellm-timeout`, `timeout`, `request_timeout`: until the answer is complete.
    pub timeout: Option<Duration>,
}

/// A failure to pretend, so that a client can watch what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mock {
    /// `mock_testing_content_policy_fallbacks`: the first group refuses the content.
    ContentPolicy,
    /// `mock_testing_context_fallbacks`: the prompt is too long for the first group.
    ContextWindow,
    /// `mock_testing_fallbacks`: the first group fails.
    Fallback,
    /// `mock_testing_rate_limit_error`: the first group meets a rate limit.
    RateLimit,
    /// `mock_timeout`: the first group does not answer in time.
    Timeout,
}

impl Mock {
    /// The error that it stands for.
    #[must_use]
    pub fn error(self) -> ApiError {
        let (status, class, name) = match self {
            Self::ContentPolicy => (
                400,
                Class::ContentFilter,
                "mock_testing_content_policy_fallbacks",
            ),
            Self::ContextWindow => (400, Class::ContextLength, "mock_testing_context_fallbacks"),
            Self::Fallback => (500, Class::Server, "mock_testing_fallbacks"),
            Self::RateLimit => (429, Class::RateLimit, "mock_testing_rate_limit_error"),
            Self::Timeout => (408, Class::Timeout, "mock_timeout"),
        };
        ApiError::new(
            status,
            class,
            format!("a failure was asked for with '{name}'"),
        )
    }
}

impl Controls {
    /// Reads them from a request and its unfiltered head.
    ///
    /// # Errors
    /// A 400 naming the member or header whose value is not what it should be.
    pub fn read(request: &Asked<'_>, head: &Head) -> Result<Self, ApiError> {
        let mut controls = Self::default();
        for member in request.members.iter() {
            controls.member(&member.key.decode(), request)?;
        }
        for (name, value) in head.pairs() {
            if let Some(name) = name.strip_prefix(b"x-litellm-") {
                controls.header(name, value)?;
            }
        }
        Ok(controls)
    }

    fn member(&mut self, name: &str, request: &Asked<'_>) -> Result<(), ApiError> {
        match name {
            "content_policy_fallbacks" => self.content_policy_fallbacks = chain(request, name)?,
            "context_window_fallbacks" => self.context_window_fallbacks = chain(request, name)?,
            "disable_fallbacks" => self.no_fallbacks = request.member(name)?.unwrap_or_default(),
            "fallbacks" => self.fallbacks = chain(request, name)?,
            "max_completion_tokens" => self.max_output = limit(request, name).or(self.max_output),
            "max_output_tokens" | "max_tokens" => {
                self.max_output = self.max_output.or_else(|| limit(request, name))
            }
            "metadata" => self.metadata(request)?,
            "mock_response" => self.mock_response = request.member(name)?,
            "mock_testing_content_policy_fallbacks" => {
                self.pretend(Mock::ContentPolicy, name, request)?;
            }
            "mock_testing_context_fallbacks" => self.pretend(Mock::ContextWindow, name, request)?,
            "mock_testing_fallbacks" => self.pretend(Mock::Fallback, name, request)?,
            "mock_testing_rate_limit_error" => self.pretend(Mock::RateLimit, name, request)?,
            "mock_timeout" => self.pretend(Mock::Timeout, name, request)?,
            "num_retries" => self.retries = request.member(name)?,
            "request_timeout" => self.timeout = self.timeout.or(time(request, name)?),
            "stream_timeout" => self.stream_timeout = time(request, name)?,
            "tags" => self.tag(request.member::<Vec<String>>(name)?.unwrap_or_default()),
            "timeout" => self.timeout = time(request, name)?.or(self.timeout),
            _ => {}
        }
        Ok(())
    }

    fn pretend(&mut self, mock: Mock, name: &str, request: &Asked<'_>) -> Result<(), ApiError> {
        if request.member(name)?.unwrap_or_default() {
            self.mock = Some(mock);
        }
        Ok(())
    }

    fn metadata(&mut self, request: &Asked<'_>) -> Result<(), ApiError> {
        let metadata = request.members.get("metadata");
        let Some(Ok(inner)) = metadata.map(|member| Members::read(member.value)) else {
            return Ok(());
        };
        if let Some(tags) = inner.get("tags").filter(|member| is_tags(member)) {
            let tags = serde_json::from_slice::<Vec<String>>(tags.value);
            self.tag(tags.map_err(|_| wrong_type("metadata.tags", "a list of strings"))?);
        }
        Ok(())
    }

    fn tag(&mut self, tags: impl IntoIterator<Item = String>) {
        for tag in tags {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    /// Reads a header by what follows `x-litellm-` in its name.
    fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), ApiError> {
        let text = core::str::from_utf8(value).unwrap_or("?").trim();
        if text.is_empty() {
            return Ok(());
        }
        match name {
            b"num-retries" => {
                let number = text.parse();
                let number = number.map_err(|_| bad_header("num-retries", "a whole number"))?;
                self.retries = Some(number);
            }
            b"stream-timeout" => self.stream_timeout = Some(header_time("stream-timeout", text)?),
            b"tags" => {
                let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                self.tag(tags.map(str::to_owned));
            }
            b"timeout" => self.timeout = Some(header_time("timeout", text)?),
            _ => {}
        }
        Ok(())
    }
}

fn limit(request: &Asked<'_>, name: &str) -> Option<u64> {
    let member = request.members.get(name)?;
    serde_json::from_slice(member.value).ok()
}

fn time(request: &Asked<'_>, name: &str) -> Result<Option<Duration>, ApiError> {
    let Some(number) = request.member::<f64>(name)? else {
        return Ok(None);
    };
    let time = seconds(number).ok_or_else(|| wrong_type(name, "a number of seconds above 0"));
    time.map(Some)
}

fn header_time(name: &str, text: &str) -> Result<Duration, ApiError> {
    let number = text.parse().ok();
    let time = number.and_then(seconds);
    time.ok_or_else(|| bad_header(name, "a number of seconds above 0"))
}

fn seconds(number: f64) -> Option<Duration> {
    let time = Duration::try_from_secs_f64(number).ok()?;
    (!time.is_zero()).then_some(time)
}

fn bad_header(name: &str, wanted: &str) -> ApiError {
    wrong_type(&format!("x-litellm-{name}"), wanted)
}

/// The models of a chain: a name, or a list of names, of `{"model": name}`, or of `{group: names}` as the configuration has it, of
/// which the entry of the group that was asked for counts, else that of `*`. `None` when nothing is said of it.
fn chain(request: &Asked<'_>, name: &str) -> Result<Option<Vec<String>>, ApiError> {
    let entries = match request.member::<Value>(name)? {
        None => return Ok(None),
        Some(Value::Array(entries)) => entries,
        Some(entry) => vec![entry],
    };
    let mut chain = Vec::new();
    let mut says = entries.is_empty();
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{name}[{index}]");
        if let Some(models) = entry_of(entry, &request.model, &place)? {
            says = true;
            chain.extend(models);
        }
    }
    Ok(says.then_some(chain))
}

fn entry_of(entry: Value, group: &str, place: &str) -> Result<Option<Vec<String>>, ApiError> {
    const WANTED: &str = "a model's name or an object with one";
    match entry {
        Value::Object(mut entry) => match entry.remove("model") {
            Some(Value::String(model)) if entry.is_empty() => Ok(Some(vec![model])),
            Some(Value::String(_)) => Err(only_model(&entry, place)),
            Some(_) => Err(wrong_type(&format!("{place}.model"), "a model's name")),
            None => of_group(entry, group, place),
        },
        Value::String(model) => Ok(Some(vec![model])),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) => {
            Err(wrong_type(place, WANTED))
        }
    }
}

fn of_group(
    mut entry: Map<String, Value>,
    group: &str,
    place: &str,
) -> Result<Option<Vec<String>>, ApiError> {
    let Some(models) = entry.remove(group).or_else(|| entry.remove("*")) else {
        return Ok(None);
    };
    let models = match models {
        Value::String(model) => Ok(vec![model]),
        other => serde_json::from_value(other),
    };
    let models = models.map_err(|_| wrong_type(&format!("{place}.{group}"), "names of models"))?;
    Ok(Some(models))
}

/// LiteLLM lets a fallback change any part of the request. Here it is the same request that goes on, and a part that would
/// silently not count is refused.
fn only_model(rest: &Map<String, Value>, place: &str) -> ApiError {
    let first = rest.keys().next().map_or("", String::as_str);
    let name = format!("{place}.{first}");
    let words = format!("'{name}' is not supported: a fallback has a 'model' and nothing else");
    ApiError::new(400, Class::BadRequest, words)
        .with_code("unsupported_parameter")
        .with_param(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ClientFormat, chat};
    use crate::canonical::asked::Line;
    use crate::canonical::format::Format;
    use crate::canonical::request::TO_GATEWAY;

    fn read(members: &str, fields: &[(&str, &str)]) -> Result<Controls, ApiError> {
        let json = format!(r#"{{"model":"m","messages":[]{members}}}"#);
        let head: Head = fields.iter().copied().collect();
        let line = Line::of(Format::Chat);
        Controls::read(&chat::CHAT.read(json.as_bytes(), &line).unwrap(), &head)
    }

    fn said(members: &str) -> Controls {
        read(members, &[]).unwrap()
    }

    fn names(names: &[&str]) -> Option<Vec<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_request_that_says_nothing_asks_for_nothing() {
        let nothing = Controls::default();
        assert_eq!(said(r#","temperature":1,"metadata":{"k":"v"}"#), nothing);
        let nulls: Vec<String> = TO_GATEWAY
            .iter()
            .map(|name| format!(r#","{name}":null"#))
            .collect();
        assert_eq!(said(&nulls.concat()), nothing);
        let empty = [
            ("x-litellm-timeout", " "),
            ("x-litellm-num-retries", ""),
            ("x-litellm-tags", ",,"),
        ];
        assert_eq!(read("", &empty).unwrap(), nothing);
    }

    #[test]
    fn numbers_and_times_are_read_from_members() {
        let controls = said(
            r#","num_retries":3,"timeout":2.5,"request_timeout":9,"stream_timeout":0.25,"disable_fallbacks":true"#,
        );
        assert_eq!(controls.retries, Some(3));
        assert_eq!(controls.timeout, Some(Duration::from_millis(2_500)));
        assert_eq!(controls.stream_timeout, Some(Duration::from_millis(250)));
        assert!(controls.no_fallbacks);
        let controls = said(r#","request_timeout":9"#);
        assert_eq!(controls.timeout, Some(Duration::from_secs(9)));
        let swapped = said(r#","request_timeout":9,"timeout":8"#);
        assert_eq!(swapped.timeout, Some(Duration::from_secs(8)));
    }

    #[test]
    fn a_header_counts_before_a_member() {
        let controls = read(
            r#","num_retries":3,"timeout":2,"stream_timeout":2"#,
            &[
                ("x-litellm-num-retries", "0"),
                ("x-litellm-timeout", "7.5"),
                ("x-litellm-stream-timeout", "1"),
            ],
        );
        let controls = controls.unwrap();
        assert_eq!(controls.retries, Some(0));
        assert_eq!(controls.timeout, Some(Duration::from_millis(7_500)));
        assert_eq!(controls.stream_timeout, Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_chain_is_a_name_or_a_list_of_names_or_of_objects() {
        for (value, chain) in [
            (r#""a""#, names(&["a"])),
            (r#"["a","b"]"#, names(&["a", "b"])),
            (r#"[{"model":"a"},"b"]"#, names(&["a", "b"])),
            (r#"{"model":"a"}"#, names(&["a"])),
            (r#"[{"x":["c"]},{"m":["a","b"]}]"#, names(&["a", "b"])),
            (r#"[{"m":"abc"}]"#, names(&["abc"])),
            (r#"[{"*":["a"]}]"#, names(&["a"])),
            (r#"[{"x":["c"]}]"#, None),
            ("[]", names(&[])),
            ("null", None),
        ] {
            for name in [
                "fallbacks",
                "context_window_fallbacks",
                "content_policy_fallbacks",
            ] {
                let mut controls = said(&format!(r#","{name}":{value}"#));
                let found = match name {
                    "fallbacks" => controls.fallbacks.take(),
                    "context_window_fallbacks" => controls.context_window_fallbacks.take(),
                    _ => controls.content_policy_fallbacks.take(),
                };
                assert_eq!(found, chain, "{name}: {value}");
                assert_eq!(controls, Controls::default(), "{name}: {value}");
            }
        }
    }

    #[test]
    fn tags_come_from_everywhere_and_count_once() {
        let controls = read(
            r#","tags":["a","b"],"metadata":{"tags":["b","c"]}"#,
            &[("x-litellm-tags", "c, d,,")],
        );
        assert_eq!(controls.unwrap().tags, ["a", "b", "c", "d"]);
        assert!(said(r#","metadata":{"tags":"mine"}"#).tags.is_empty());
        assert!(said(r#","metadata":7"#).tags.is_empty());
    }

    #[test]
    fn the_newer_name_of_the_limit_counts_in_any_order() {
        for members in [
            r#","max_tokens":5,"max_completion_tokens":7"#,
            r#","max_completion_tokens":7,"max_tokens":5"#,
            r#","max_completion_tokens":7,"max_tokens":"x""#,
        ] {
            assert_eq!(said(members).max_output, Some(7), "{members}");
        }
        assert_eq!(said(r#","max_tokens":-1"#).max_output, None);
    }

    #[test]
    fn each_pretended_failure_is_of_the_class_it_is_named_after() {
        for (name, class) in [
            (
                "mock_testing_content_policy_fallbacks",
                Class::ContentFilter,
            ),
            ("mock_testing_context_fallbacks", Class::ContextLength),
            ("mock_testing_fallbacks", Class::Server),
            ("mock_testing_rate_limit_error", Class::RateLimit),
            ("mock_timeout", Class::Timeout),
        ] {
            let error = said(&format!(r#","{name}":true"#)).mock.unwrap().error();
            assert_eq!(error.class, class, "{name}");
            assert!(error.message.contains(name));
            assert_eq!(said(&format!(r#","{name}":false"#)).mock, None);
        }
    }

    #[test]
    fn an_answer_to_pretend_is_taken_from_any_client() {
        let controls = said(r#","mock_response":"hi""#);
        assert_eq!(controls.mock_response.as_deref(), Some("hi"));
    }

    #[test]
    fn a_member_of_the_wrong_type_is_refused_by_name() {
        for (members, param) in [
            (r#""num_retries":-1"#, "num_retries"),
            (r#""num_retries":"3""#, "num_retries"),
            (r#""timeout":0"#, "timeout"),
            (r#""timeout":-2"#, "timeout"),
            (r#""timeout":1e300"#, "timeout"),
            (r#""request_timeout":"x""#, "request_timeout"),
            (r#""stream_timeout":[]"#, "stream_timeout"),
            (r#""disable_fallbacks":1"#, "disable_fallbacks"),
            (r#""mock_timeout":"yes""#, "mock_timeout"),
            (r#""mock_response":{}"#, "mock_response"),
            (r#""tags":"a""#, "tags"),
            (r#""metadata":{"tags":[1]}"#, "metadata.tags"),
            (r#""fallbacks":7"#, "fallbacks[0]"),
            (r#""fallbacks":["a",7]"#, "fallbacks[1]"),
            (r#""fallbacks":[{"model":7}]"#, "fallbacks[0].model"),
            (r#""fallbacks":[{"m":7}]"#, "fallbacks[0].m"),
            (
                r#""fallbacks":[{"model":"a","messages":[]}]"#,
                "fallbacks[0].messages",
            ),
        ] {
            let error = read(&format!(",{members}"), &[]).unwrap_err();
            assert_eq!(error.status, 400);
            assert_eq!(error.param.as_deref(), Some(param), "{members}");
        }
    }

    #[test]
    fn a_header_that_makes_no_sense_is_refused_by_name() {
        for (name, value) in [
            ("x-litellm-num-retries", "-1"),
            ("x-litellm-num-retries", "two"),
            ("x-litellm-timeout", "0"),
            ("x-litellm-timeout", "inf"),
            ("x-litellm-stream-timeout", "1s"),
        ] {
            let error = read("", &[(name, value)]).unwrap_err();
            assert_eq!(error.param.as_deref(), Some(name), "{value}");
        }
    }

    #[test]
    fn everything_read_for_the_gateway_alone_is_kept_from_providers() {
        let wrong: Vec<&str> = TO_GATEWAY
            .into_iter()
            .filter(|name| read(&format!(r#","{name}":[[]]"#), &[]).is_err())
            .collect();
        let unread = ["include_fallback_errors", "litellm_metadata"];
        assert_eq!(wrong.len() + unread.len(), TO_GATEWAY.len(), "{wrong:?}");
    }
}
