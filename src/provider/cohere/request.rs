//! A chat request in the words of Cohere's API.

use std::borrow::Cow;

use super::messages;
use super::params::{PARAMS, refuses};
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::Target;
use crate::provider::anthropic::fault::{bad_request, invalid};
use crate::provider::anthropic::output::Wanted;
use crate::provider::anthropic::sampling::{Number, stated_max, stops};
use crate::provider::anthropic::text::mended;
use crate::provider::anthropic::thinking::Effort;
use crate::provider::anthropic::tools::{self, Choice, Tool};
use crate::provider::anthropic::{message, wish};
use crate::provider::params::Params;
use crate::wire::json::{Members, Object, push_string};

/// The most stop sequences Cohere takes.
const MAX_STOPS: usize = 5;

/// Words the request.
///
/// # Errors
/// A 400 naming what Cohere cannot be asked.
pub(super) fn word(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Vec<u8>, ApiError> {
    PARAMS.check(request, target, refuses)?;
    let raw = |name: &str| {
        let member = request.members.get(name);
        member.map_or(Cow::Borrowed(&b"null"[..]), |member| mended(member.value))
    };
    let (said, tools, format) = (raw("messages"), raw("tools"), raw("response_format"));
    let messages = message::read(&said)?;
    messages::check(&messages)?;
    let tools = Toolset::read(request, &tools)?;
    let numbers = Numbers::read(request)?;
    let stops = stop_sequences(request, Params::drops(request, target))?;
    let wanted = Wanted::read(&format)?;
    let thinking = Thinking::read(request, numbers.max_tokens)?;
    let mut body = Vec::with_capacity(request.json.len().saturating_add(256));
    Object::write(&mut body, |body| {
        body.string("model", target.model);
        if request.stream {
            body.raw("stream", b"true");
        }
        body.array("messages", |array| messages::write(&messages, array));
        tools.write(body);
        numbers.write(body);
        if !stops.is_empty() {
            body.array("stop_sequences", |array| {
                stops
                    .iter()
                    .for_each(|stop| array.with(|out| push_string(out, stop)));
            });
        }
        write_format(wanted, body);
        thinking.write(body);
        for member in PARAMS.forwarded(request, target) {
            body.raw(&member.name, &mended(member.value));
        }
    });
    Ok(body)
}

/// The tools, and whether one must be called.
struct Toolset<'a> {
    choice: Option<&'static str>,
    list: Vec<Tool<'a>>,
}

impl<'a> Toolset<'a> {
    fn read(request: &ChatRequest<'_>, json: &'a [u8]) -> Result<Self, ApiError> {
        let mut list = match json {
            b"null" => Vec::new(),
            json => tools::read(json, "cohere")?,
        };
        if let Some(at) = list.iter().position(|tool| !tool.is_function) {
            let words = "cohere calls functions only";
            return Err(bad_request(
                "unsupported_parameter",
                format!("tools[{at}]"),
                words,
            ));
        }
        let choice = match request.members.get("tool_choice") {
            Some(member) if member.value != b"null" && !list.is_empty() => {
                tools::choice(member, &mut list)?
            }
            Some(_) | None => Choice::Auto,
        };
        if let Choice::Tool(name) = &choice {
            // There is no way to name it: it becomes the only one there is.
            list.retain(|tool| tool.name.is_some_and(|tool| tool.is(name)));
        }
        let choice = match choice {
            Choice::Any | Choice::Tool(_) => Some("REQUIRED"),
            Choice::Auto => None,
            Choice::None => Some("NONE"),
        };
        Ok(Self { choice, list })
    }

    fn write(&self, body: &mut Object<'_>) {
        if self.list.is_empty() {
            return;
        }
        body.array("tools", |array| {
            for tool in &self.list {
                array.object(|object| {
                    object.raw("type", b"\"function\"");
                    object.object("function", |function| {
                        if let Some(name) = tool.name {
                            function.text("name", name);
                        }
                        if let Some(description) = tool.description {
                            function.text("description", description);
                        }
                        function.with("parameters", |out| {
                            tools::write_schema(tool.parameters, out);
                        });
                    });
                });
            }
        });
        if self.list.iter().any(|tool| tool.strict) {
            body.raw("strict_tools", b"true");
        }
        if let Some(choice) = self.choice {
            body.string("tool_choice", choice);
        }
    }
}

/// How the answer is drawn.
struct Numbers<'a> {
    max_tokens: Option<u64>,
    seed: Option<Number<'a>>,
    top_k: Option<Number<'a>>,
    /// Cohere's name, the number, and the range it must be in.
    ranged: Vec<(&'static str, Number<'a>, Range)>,
}

/// The least and the most, with their spellings.
type Range = [(f64, &'static [u8]); 2];

impl<'a> Numbers<'a> {
    fn read(request: &ChatRequest<'a>) -> Result<Self, ApiError> {
        const UNIT: Range = [(0.0, b"0.0"), (1.0, b"1.0")];
        const RANGED: [(&str, &str, Range); 4] = [
            ("temperature", "temperature", UNIT),
            ("top_p", "p", [(0.01, b"0.01"), (0.99, b"0.99")]),
            ("frequency_penalty", "frequency_penalty", UNIT),
            ("presence_penalty", "presence_penalty", UNIT),
        ];
        let mut ranged = Vec::new();
        for (ours, theirs, range) in RANGED {
            let number = Number::of(request, ours)?;
            ranged.extend(number.map(|number| (theirs, number, range)));
        }
        let max_tokens = stated_max(request)?;
        if max_tokens == Some(0) {
            return Err(invalid("max_tokens", "the limit of tokens must be above 0"));
        }
        Ok(Self {
            max_tokens,
            seed: Number::of(request, "seed")?,
            top_k: Number::of(request, "top_k")?,
            ranged,
        })
    }

    fn write(&self, body: &mut Object<'_>) {
        if let Some(tokens) = self.max_tokens {
            body.number("max_tokens", tokens);
        }
        for (name, number, [least, most]) in &self.ranged {
            let spelled = if number.value < least.0 {
                least.1
            } else if number.value > most.0 {
                most.1
            } else {
                number.spelled
            };
            body.raw(name, spelled);
        }
        for (name, number) in [("k", &self.top_k), ("seed", &self.seed)] {
            if let Some(number) = number {
                body.raw(name, number.spelled);
            }
        }
    }
}

fn stop_sequences<'a>(
    request: &ChatRequest<'a>,
    drops: bool,
) -> Result<Vec<Cow<'a, str>>, ApiError> {
    let mut stops = stops(request)?;
    stops.retain(|stop| !stop.is_empty());
    if stops.len() > MAX_STOPS && !drops {
        let words = format!("cohere takes at most {MAX_STOPS} stop sequences");
        return Err(bad_request("unsupported_value", "stop", words));
    }
    stops.truncate(MAX_STOPS);
    Ok(stops)
}

fn write_format(wanted: Wanted<'_>, body: &mut Object<'_>) {
    let schema = match wanted {
        Wanted::Object => None,
        Wanted::Schema(schema) => Some(schema),
        Wanted::Words => return,
    };
    body.object("response_format", |format| {
        format.raw("type", b"\"json_object\"");
        if let Some(schema) = schema {
            format.raw("json_schema", schema);
        }
    });
}

/// Whether the model reasons, and how much.
enum Thinking {
    Disabled,
    Enabled { budget: Option<u64> },
    Unstated,
}

impl Thinking {
    /// `thinking`, in Anthropic's words or Cohere's own, counts before `reasoning_effort`.
    fn read(request: &ChatRequest<'_>, max_tokens: Option<u64>) -> Result<Self, ApiError> {
        let thinking = request.members.get("thinking");
        let stated = match thinking.map(|member| member.value) {
            None | Some(b"null") => match wish::effort(request)? {
                None => Self::Unstated,
                Some(Effort::None) => Self::Disabled,
                Some(effort) => Self::Enabled {
                    budget: Some(effort.budget()),
                },
            },
            Some(value) => {
                let members = Members::read(value)
                    .map_err(|_| invalid("thinking", "'thinking' must be an object"))?;
                let value = |name: &str| members.get(name).map(|member| member.value);
                let budget = value("token_budget").or(value("budget_tokens"));
                let digits = budget.and_then(|digits| core::str::from_utf8(digits).ok());
                match value("type") {
                    Some(b"\"disabled\"") => Self::Disabled,
                    _ => Self::Enabled {
                        budget: digits.and_then(|digits| digits.parse().ok()),
                    },
                }
            }
        };
        // A budget must leave room for the answer.
        let fits = |budget: &u64| max_tokens.is_none_or(|most| *budget < most);
        Ok(match stated {
            Self::Enabled { budget } => Self::Enabled {
                budget: budget.filter(fits),
            },
            other => other,
        })
    }

    fn write(&self, body: &mut Object<'_>) {
        match self {
            Self::Disabled => body.raw("thinking", br#"{"type":"disabled"}"#),
            Self::Enabled { budget } => body.object("thinking", |thinking| {
                thinking.raw("type", b"\"enabled\"");
                if let Some(budget) = budget {
                    thinking.number("token_budget", *budget);
                }
            }),
            Self::Unstated => {}
        }
    }
}
