//! The tools of a request in Converse's words, and those that only Claude knows.

use super::blocks::Blocks;
use super::models::Traits;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::anthropic::names::Names;
use crate::provider::anthropic::output::Wanted;
use crate::provider::anthropic::schema;
use crate::provider::anthropic::tools::{self, Choice, Tool, write_schema};
use crate::wire::json::{Array, Object};

/// The longest name of a tool.
const LONGEST: usize = 64;
/// A history with tool calls is refused without tools.
const NOOP: &[u8] = br#"{"toolSpec":{"name":"noop_tool","description":"noop_tool","inputSchema":{"json":{"type":"object","properties":{}}}}}"#;

/// The tools of a request and how they are used.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    choice: Option<Choice>,
    /// The tool whose input is the answer, and its schema.
    pub form: Option<(String, &'a [u8])>,
    list: Vec<Tool<'a>>,
    pub names: Names,
    parallel: bool,
}

impl<'a> Tools<'a> {
    /// Reads `tools` (which are `json`) and `tool_choice`.
    ///
    /// # Errors
    /// A 400 naming what Bedrock cannot be given.
    pub fn read(
        request: &ChatRequest<'_>,
        json: &'a [u8],
        wanted: Wanted<'a>,
        traits: &Traits,
    ) -> Result<Self, ApiError> {
        let mut list = if json == b"null" {
            Vec::new()
        } else {
            tools::read(json, "bedrock")?
        };
        let choice = match request.members.get("tool_choice") {
            Some(member) if member.value != b"null" && !list.is_empty() => {
                Some(tools::choice(member, &mut list)?)
            }
            Some(_) | None => None,
        };
        let named = list.iter().filter_map(|tool| tool.name);
        let mut names = Names::within(LONGEST, named.map(|name| name.decode()));
        let form = match wanted {
            Wanted::Schema(schema) if !traits.schemas() => {
                Some((names.free("json_tool_call".to_owned()), schema))
            }
            Wanted::Object | Wanted::Schema(_) | Wanted::Words => None,
        };
        let parallel = request.member("parallel_tool_calls")?.unwrap_or(true);
        Ok(Self {
            choice,
            form,
            list,
            names,
            parallel,
        })
    }

    /// How many of them carry a cache breakpoint.
    pub fn breakpoints(&self) -> usize {
        self.list.iter().filter(|tool| tool.cache.is_some()).count()
    }

    /// Writes `toolConfig`. `called` says whether the history calls tools, `may_force` whether one may be forced.
    pub fn write(
        &self,
        body: &mut Object<'_>,
        blocks: &mut Blocks,
        traits: &Traits,
        (called, may_force): (bool, bool),
    ) {
        let hidden = self.choice == Some(Choice::None) && !called;
        let shown = || self.list.iter().filter(|tool| tool.is_function && !hidden);
        let none = shown().next().is_none() && self.form.is_none();
        if none && !called {
            return;
        }
        body.object("toolConfig", |config| {
            config.array("tools", |array| {
                for tool in shown() {
                    self.spec(tool, traits, array);
                    if let Some(marker) = tool.cache {
                        blocks.point(marker, array);
                    }
                }
                if let Some((name, schema)) = &self.form {
                    write_form(name, schema, array);
                }
                if none {
                    array.with(|out| out.extend_from_slice(NOOP));
                }
            });
            match self.chosen(may_force).filter(|_| !none) {
                Some(Choice::Any) => config.raw("toolChoice", br#"{"any":{}}"#),
                Some(Choice::Auto) => config.raw("toolChoice", br#"{"auto":{}}"#),
                Some(Choice::Tool(name)) => config.object("toolChoice", |choice| {
                    choice.object("tool", |tool| {
                        tool.string("name", &self.names.sent(name.as_str().into()));
                    });
                }),
                Some(Choice::None) | None => {}
            }
        });
    }

    /// The choice to send.
    fn chosen(&self, may_force: bool) -> Option<Choice> {
        let choice = match &self.form {
            Some((name, _)) => Some(Choice::Tool(name.clone())),
            None => self.choice.clone(),
        };
        match choice {
            Some(Choice::Any | Choice::Tool(_)) if !may_force => Some(Choice::Auto),
            other => other,
        }
    }

    /// Writes the `tool_choice` by which Claude is kept from calling several tools at once, and tools of Anthropic's own.
    pub fn write_claudes(&self, fields: &mut Object<'_>) {
        if self.list.is_empty() {
            return;
        }
        if !self.parallel && self.choice != Some(Choice::None) {
            fields.object("tool_choice", |choice| {
                // The same said twice is refused.
                if self.choice.is_none() && self.form.is_none() {
                    choice.string("type", "auto");
                }
                choice.raw("disable_parallel_tool_use", b"true");
            });
        }
        let own = || self.list.iter().filter(|tool| !tool.is_function);
        if own().next().is_some() {
            fields.array("tools", |array| {
                own().for_each(|tool| array.with(|out| out.extend_from_slice(tool.raw)));
            });
        }
    }

    /// The betas that tools of Anthropic's own need.
    pub fn betas(&self) -> impl Iterator<Item = &'static str> {
        self.list.iter().filter_map(Tool::beta)
    }

    fn spec(&self, tool: &Tool<'_>, traits: &Traits, array: &mut Array<'_>) {
        let strict = (tool.strict && traits.schemas())
            .then(|| tool.parameters.and_then(schema::strict))
            .flatten();
        let name = tool.name.map(|name| name.decode()).unwrap_or_default();
        let description = tool.description.filter(|text| !text.is_blank());
        array.object(|element| {
            element.object("toolSpec", |spec| {
                let sent = self.names.sent(name);
                spec.string("name", &sent);
                match description {
                    Some(text) => spec.text("description", text),
                    None => spec.string("description", &sent),
                }
                spec.object("inputSchema", |input| match &strict {
                    Some(schema) => input.raw("json", schema),
                    None => input.with("json", |out| write_plain(tool.parameters, out)),
                });
                if strict.is_some() {
                    spec.raw("strict", b"true");
                }
            });
        });
    }
}

/// A schema without references, which not every model follows.
fn write_plain(parameters: Option<&[u8]>, out: &mut Vec<u8>) {
    let refers = |json: &&[u8]| memchr::memmem::find(json, b"\"$ref\"").is_some();
    let inlined = parameters.filter(refers).and_then(schema::inlined);
    write_schema(inlined.as_deref().or(parameters), out);
}

fn write_form(name: &str, schema: &[u8], array: &mut Array<'_>) {
    array.object(|element| {
        element.object("toolSpec", |spec| {
            spec.string("name", name);
            let words = "Gives the answer in the form that was asked for.";
            spec.string("description", words);
            spec.object("inputSchema", |input| {
                input.with("json", |out| write_plain(Some(schema), out));
            });
        });
    });
}
