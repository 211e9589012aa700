//! A chat request in the words of the Messages API.

use std::borrow::Cow;

use super::block::{self, Breakpoints};
use super::models::{self, Abilities, Effort as Levels};
use super::output::{Output, Wanted};
use super::params::Forwarded;
use super::reply::{Form, Reply};
use super::text::mended;
use super::thinking::Reasoning;
use super::tools::{self, Tool};
use super::toolset::Tools;
use super::turns::{Conversation, Manner, converse};
use super::wish::wish;
use super::{message, params, parts, sampling, user};
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::Target;
use crate::wire::json::{Array, Object};

/// The most tokens asked for when neither the client nor anybody else says.
const DEFAULT_MAX_TOKENS: u64 = 4_096;
/// What a model is told that must answer in JSON and has no way to be made to.
const JSON_ONLY: &str = "Respond with a single JSON object and nothing else.";

/// What is sent, and what its answer needs.
#[derive(Debug)]
pub(super) struct Worded {
    pub betas: Vec<&'static str>,
    pub body: Vec<u8>,
    pub reply: Reply,
}

/// Words the request.
///
/// # Errors
/// A 400 naming what Anthropic cannot be asked.
pub(super) fn word(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Worded, ApiError> {
    let abilities = models::of(target.model);
    params::check(request, target, &abilities)?;
    let raw = |name: &str| {
        request
            .members
            .get(name)
            .map_or(Cow::Borrowed(&b"null"[..]), |member| mended(member.value))
    };
    let (messages, tools, format) = (raw("messages"), raw("tools"), raw("response_format"));
    let wanted = Wanted::read(&format)?;
    let tools = Tools::read(request, &tools, wanted, &abilities)?;
    let manner = Manner {
        dialect: &parts::ANTHROPIC,
        mid_system: abilities.mid_system,
        names: &tools.names,
    };
    let mut conversation = converse(message::read(&messages)?, manner)?;
    let max_tokens = sampling::stated_max(request)?;
    let wish = wish(request, max_tokens, conversation.lacks_thoughts())?;
    let reasoning = Reasoning::decide(wish, &abilities);
    conversation.settle_last(abilities.prefill && !reasoning.is_on());
    let draft = Draft {
        request,
        target,
        abilities,
        conversation,
        forwarded: params::forwarded(request).collect(),
        max_tokens,
        reasoning,
        tools,
        wanted,
    };
    draft.write()
}

/// Everything that is known before the first byte is written.
struct Draft<'r, 'a> {
    request: &'r ChatRequest<'r>,
    target: &'r Target<'r>,
    abilities: Abilities,
    conversation: Conversation<'a>,
    forwarded: Vec<Forwarded<'r>>,
    max_tokens: Option<u64>,
    reasoning: Reasoning<'r>,
    tools: Tools<'a>,
    wanted: Wanted<'a>,
}

impl Draft<'_, '_> {
    fn write(self) -> Result<Worded, ApiError> {
        let mut body = Vec::with_capacity(self.request.json.len().saturating_add(512));
        let mut fault = None;
        Object::write(&mut body, |object| fault = self.write_members(object).err());
        if let Some(fault) = fault {
            return Err(fault);
        }
        let betas = self.betas();
        let form = match (self.tools.form, self.wanted) {
            (Some(name), _) => Form::Tool(name),
            (None, Wanted::Object) => Form::Fenced,
            (None, Wanted::Schema(_) | Wanted::Words) => Form::Words,
        };
        Ok(Worded {
            betas,
            body,
            reply: Reply {
                form,
                renamed: self.tools.names.into_renamed(),
            },
        })
    }

    fn write_members(&self, body: &mut Object<'_>) -> Result<(), ApiError> {
        let mut cache = Breakpoints::of(self.breakpoints());
        body.string("model", self.target.model);
        body.number("max_tokens", self.max_tokens());
        if self.request.stream {
            body.raw("stream", b"true");
        }
        let has_stop = sampling::write_stop(body, self.request)?;
        sampling::write(
            body,
            self.request,
            &self.abilities,
            self.reasoning.budget().is_some(),
        )?;
        self.reasoning.write(body);
        self.output().write(body);
        user::write(body, self.request);
        self.write_tools(body, &mut cache);
        self.write_conversation(body, &mut cache);
        for Forwarded { name, value } in &self.forwarded {
            let ours =
                (name == "system" && self.has_system()) || (name == "stop_sequences" && has_stop);
            if !ours {
                body.raw(name, &mended(value));
            }
        }
        Ok(())
    }

    fn max_tokens(&self) -> u64 {
        let most = self.target.max_output.or(self.abilities.max_output);
        let default = || {
            most.unwrap_or_else(|| {
                DEFAULT_MAX_TOKENS.saturating_add(self.reasoning.budget().unwrap_or(0))
            })
        };
        self.max_tokens.unwrap_or_else(default)
    }

    fn output(&self) -> Output<'_> {
        let schema = match self.wanted {
            Wanted::Schema(schema) if self.abilities.schemas => Some(schema),
            Wanted::Object | Wanted::Schema(_) | Wanted::Words => None,
        };
        let stated = self
            .request
            .members
            .get("output_config")
            .map(|member| member.value);
        Output {
            effort: self.reasoning.effort,
            schema,
            stated,
        }
    }

    fn breakpoints(&self) -> usize {
        let tools = self
            .tools
            .list
            .iter()
            .filter(|tool| tool.cache.is_some())
            .count();
        let blocks = self.conversation.blocks().map(block::Block::breakpoints);
        blocks.fold(tools, usize::saturating_add)
    }

    fn write_tools(&self, body: &mut Object<'_>, cache: &mut Breakpoints) {
        let Tools {
            list,
            names,
            form,
            search,
            parallel,
            ..
        } = &self.tools;
        if self.tools.is_empty() {
            if self.conversation.has_calls() {
                // A history with tool calls is refused without tools.
                body.raw(
                    "tools",
                    br#"[{"name":"noop_tool","input_schema":{"type":"object","properties":{}}}]"#,
                );
                body.raw("tool_choice", br#"{"type":"none"}"#);
            }
            return;
        }
        body.array("tools", |array| {
            list.iter()
                .for_each(|tool| tool.write(array, names, self.abilities.schemas, cache));
            if let (Some(name), Wanted::Schema(schema)) = (form, self.wanted) {
                write_form(array, name, schema);
            }
            if let Some(search) = search {
                array.with(|out| out.extend_from_slice(search));
            }
        });
        let may_force = self.abilities.forced_choice && !self.reasoning.is_on();
        if let Some(choice) = self.tools.chosen(may_force) {
            choice.write(body, names, *parallel);
        }
    }

    fn has_system(&self) -> bool {
        !self.conversation.system.is_empty() || self.wanted == Wanted::Object
    }

    fn write_conversation(&self, body: &mut Object<'_>, cache: &mut Breakpoints) {
        if self.has_system() {
            body.array("system", |array| {
                block::write_all(&self.conversation.system, array, cache);
                if self.wanted == Wanted::Object {
                    block::write_all(&[block::Block::ours(JSON_ONLY)], array, cache);
                }
            });
        }
        body.array("messages", |messages| {
            for turn in &self.conversation.turns {
                messages.object(|message| {
                    message.string("role", turn.role.as_str());
                    message.array("content", |array| {
                        block::write_all(&turn.blocks, array, cache)
                    });
                });
            }
        });
    }

    fn betas(&self) -> Vec<&'static str> {
        let mut betas: Vec<_> = self
            .forwarded
            .iter()
            .filter_map(|member| params::beta(&member.name))
            .collect();
        betas.extend(self.tools.list.iter().filter_map(Tool::beta));
        if self.reasoning.effort.is_some() && self.abilities.effort == Levels::Beta {
            betas.push("effort-2025-11-24");
        }
        if self.conversation.blocks().any(block::Block::is_uploaded) {
            betas.push("files-api-2025-04-14");
        }
        betas
    }
}

fn write_form(array: &mut Array<'_>, name: &str, schema: &[u8]) {
    array.object(|tool| {
        tool.string("name", name);
        tool.string(
            "description",
            "Gives the answer in the form that was asked for.",
        );
        tool.with("input_schema", |out| tools::write_schema(Some(schema), out));
    });
}
