//! A chat request in Converse's words.

use std::borrow::Cow;

use super::blocks::Blocks;
use super::effort;
use super::media;
use super::models::{self, Family, Traits};
use super::params;
use super::tools::Tools;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::Target;
use crate::provider::anthropic::block::{Block, Breakpoints, What, count};
use crate::provider::anthropic::fault::bad_request;
use crate::provider::anthropic::message;
use crate::provider::anthropic::models::Effort as Levels;
use crate::provider::anthropic::output::{Output, Wanted};
use crate::provider::anthropic::reply::{Form, Reply};
use crate::provider::anthropic::sampling::{self, Number};
use crate::provider::anthropic::schema;
use crate::provider::anthropic::text::mended;
use crate::provider::anthropic::thinking::{Reasoning, Wish};
use crate::provider::anthropic::turns::{Conversation, Manner, Role, Turn, converse};
use crate::provider::anthropic::wish::wish;
use crate::wire::json::{Array, Members, Object, push_string};

/// The most tokens asked of Claude when neither the client nor anybody else says: Bedrock's own default is low.
const DEFAULT_MAX_TOKENS: u64 = 4_096;
/// What a model is told that must answer in JSON and has no way to be made to.
const JSON_ONLY: &str = "Respond with a single JSON object and nothing else.";

/// Words the request.
///
/// # Errors
/// A 400 naming what Bedrock cannot be asked.
pub(super) fn word(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
) -> Result<(Vec<u8>, Reply), ApiError> {
    let traits = models::of(target.model);
    params::check(request, target, &traits)?;
    let raw = |name: &str| {
        let member = request.members.get(name);
        member.map_or(Cow::Borrowed(&b"null"[..]), |member| mended(member.value))
    };
    let (messages, tools, format) = (raw("messages"), raw("tools"), raw("response_format"));
    let wanted = Wanted::read(&format)?;
    let tools = Tools::read(request, &tools, wanted, &traits)?;
    let manner = Manner {
        dialect: if traits.claude.is_some() {
            &media::CLAUDE
        } else {
            &media::CONVERSE
        },
        mid_system: false,
        names: &tools.names,
    };
    let mut conversation = converse(message::read(&messages)?, manner)?;
    let max_tokens = stated_max(request)?;
    let wish = wish(request, max_tokens, conversation.lacks_thoughts())?;
    let reasoning = traits
        .claude
        .map(|abilities| Reasoning::decide(wish, &abilities))
        .unwrap_or_default();
    let prefill = traits.claude.is_none_or(|abilities| abilities.prefill);
    conversation.settle_last(prefill && !reasoning.is_on());
    if !traits.mixes() {
        set_results_apart(&mut conversation.turns);
    }
    let draft = Draft {
        request,
        target,
        traits,
        conversation,
        format: &format,
        max_tokens,
        reasoning,
        tools,
        wanted,
        wish,
    };
    draft.write()
}

/// The most tokens the client asks for: unlike Anthropic's own API, Bedrock refuses to be asked for none.
fn stated_max(request: &ChatRequest<'_>) -> Result<Option<u64>, ApiError> {
    match sampling::stated_max(request)? {
        Some(0) => {
            let words = "'max_tokens' must be at least 1";
            Err(bad_request("invalid_value", "max_tokens", words))
        }
        stated => Ok(stated),
    }
}

/// Gives results of tools turns of their own: some models refuse them next to anything else.
fn set_results_apart(turns: &mut Vec<Turn<'_>>) {
    let is_result = |block: &Block<'_>| matches!(block.what, What::ToolResult(_));
    for turn in core::mem::take(turns) {
        let (results, others): (Vec<_>, Vec<_>) = turn.blocks.into_iter().partition(is_result);
        let apart = !results.is_empty() && !others.is_empty();
        let made = |role, blocks, calls| Turn {
            role,
            blocks,
            calls,
        };
        if apart {
            turns.push(made(Role::User, results, Vec::new()));
            turns.push(made(Role::Assistant, vec![Block::ours("…")], Vec::new()));
            turns.push(made(turn.role, others, turn.calls));
        } else {
            let blocks = results.into_iter().chain(others).collect();
            turns.push(made(turn.role, blocks, turn.calls));
        }
    }
}

/// Everything that is known before the first byte is written.
struct Draft<'r, 'a> {
    request: &'r ChatRequest<'r>,
    target: &'r Target<'r>,
    traits: Traits,
    conversation: Conversation<'a>,
    /// `response_format`.
    format: &'a [u8],
    max_tokens: Option<u64>,
    reasoning: Reasoning<'r>,
    tools: Tools<'a>,
    wanted: Wanted<'a>,
    wish: Wish<'r>,
}

impl Draft<'_, '_> {
    fn write(self) -> Result<(Vec<u8>, Reply), ApiError> {
        let mut body = Vec::with_capacity(self.request.json.len().saturating_add(512));
        let mut fault = None;
        Object::write(&mut body, |object| fault = self.members(object).err());
        if let Some(fault) = fault {
            return Err(fault);
        }
        let form = match (self.tools.form, self.wanted) {
            (Some((name, _)), _) => Form::Tool(name),
            (None, Wanted::Object) => Form::Fenced,
            (None, Wanted::Schema(_) | Wanted::Words) => Form::Words,
        };
        let renamed = self.tools.names.into_renamed();
        Ok((body, Reply { form, renamed }))
    }

    fn members(&self, body: &mut Object<'_>) -> Result<(), ApiError> {
        let mut blocks = Blocks::new(self.breakpoints());
        let called = self.conversation.has_calls();
        let may_force = self.traits.forces() && !self.reasoning.is_on();
        self.tools
            .write(body, &mut blocks, &self.traits, (called, may_force));
        self.write_conversation(body, &mut blocks);
        self.write_inference(body)?;
        let mut fields = Vec::new();
        let mut fault = None;
        Object::write(&mut fields, |object| fault = self.fields(object).err());
        if let Some(fault) = fault {
            return Err(fault);
        }
        if fields != b"{}" {
            body.raw("additionalModelRequestFields", &fields);
        }
        self.write_output(body);
        let tier = self.request.members.get("service_tier");
        if let Some(tier) = tier.and_then(|member| params::tier(member.value)) {
            body.object("serviceTier", |object| object.string("type", tier));
        }
        for (name, value) in params::forwarded(self.request, self.target, false) {
            if !(name == "serviceTier" && tier.is_some()) {
                body.raw(&name, &mended(value));
            }
        }
        Ok(())
    }

    fn breakpoints(&self) -> Breakpoints {
        if !self.traits.caches() {
            return Breakpoints::of(usize::MAX);
        }
        let turns = self.conversation.turns.iter();
        let counts = turns.map(|turn| outer(&turn.blocks));
        let tools = self.tools.breakpoints();
        let system = count(&self.conversation.system);
        Breakpoints::of(counts.fold(tools.saturating_add(system), usize::saturating_add))
    }

    fn write_conversation(&self, body: &mut Object<'_>, blocks: &mut Blocks) {
        let system = &self.conversation.system;
        if !system.is_empty() || self.wanted == Wanted::Object {
            body.array("system", |array| {
                blocks.all(system, array);
                if self.wanted == Wanted::Object {
                    array.object(|block| block.string("text", JSON_ONLY));
                }
            });
        }
        body.array("messages", |messages| {
            let turns = self.conversation.turns.iter();
            turns.for_each(|turn| blocks.turn(turn, messages));
        });
    }

    /// Writes `inferenceConfig`.
    fn write_inference(&self, body: &mut Object<'_>) -> Result<(), ApiError> {
        let has_budget = self.reasoning.budget().is_some();
        let free = self.traits.samples() && !has_budget;
        let temperature = Number::of(self.request, "temperature")?;
        let temperature = temperature.filter(|number| free || same(number.value, 1.0));
        let together = self
            .traits
            .claude
            .is_none_or(|abilities| abilities.temperature_with_top_p);
        let top_p = Number::of(self.request, "top_p")?
            .filter(|_| self.traits.samples() && (together || temperature.is_none()));
        let is_claude = self.traits.claude.is_some();
        let mut stops = sampling::stops(self.request)?;
        stops.retain(|stop| !(stop.is_empty() || is_claude && stop.trim().is_empty()));
        let max_tokens = self.max_tokens();
        if max_tokens.is_none() && temperature.is_none() && top_p.is_none() && stops.is_empty() {
            return Ok(());
        }
        body.object("inferenceConfig", |config| {
            if let Some(tokens) = max_tokens {
                config.number("maxTokens", tokens);
            }
            for (name, number) in [("temperature", temperature), ("topP", top_p)] {
                if let Some(number) = number {
                    let spelled = if number.value > 1.0 {
                        b"1.0"
                    } else {
                        number.spelled
                    };
                    config.raw(name, spelled);
                }
            }
            if !stops.is_empty() {
                config.array("stopSequences", |array: &mut Array<'_>| {
                    let push = |stop: &Cow<'_, str>| array.with(|out| push_string(out, stop));
                    stops.iter().for_each(push);
                });
            }
        });
        Ok(())
    }

    fn max_tokens(&self) -> Option<u64> {
        let abilities = self.traits.claude;
        self.max_tokens.or_else(|| {
            let most = self.target.max_output.or(abilities?.max_output);
            let thought = self.reasoning.budget().unwrap_or(0);
            Some(most.unwrap_or(DEFAULT_MAX_TOKENS.saturating_add(thought)))
        })
    }

    /// The members of `additionalModelRequestFields`: what Converse has no word for and the model does.
    fn fields(&self, fields: &mut Object<'_>) -> Result<(), ApiError> {
        let stated = self.request.members.get("additionalModelRequestFields");
        let stated = stated.and_then(|member| Members::read(member.value).ok());
        let stated = stated.unwrap_or_default();
        for member in stated.iter() {
            fields.raw(&member.key.decode(), &mended(member.value));
        }
        for (name, value) in params::forwarded(self.request, self.target, true) {
            if stated.get(&name).is_none() {
                fields.raw(&name, &mended(value));
            }
        }
        let has_budget = self.reasoning.budget().is_some();
        let top_k =
            Number::of(self.request, "top_k")?.filter(|_| self.traits.samples() && !has_budget);
        match (top_k, self.traits.family) {
            (Some(number), Family::Nova | Family::Nova2) => {
                fields.object("inferenceConfig", |config| {
                    config.raw("topK", number.spelled)
                });
            }
            (Some(number), _) => fields.raw("top_k", number.spelled),
            (None, _) => {}
        }
        if self.traits.claude.is_some() {
            self.claudes(fields);
        } else {
            effort::write(fields, self.traits.family, self.wish.effort);
        }
        Ok(())
    }

    /// Members that only Claude knows.
    fn claudes(&self, fields: &mut Object<'_>) {
        self.reasoning.write(fields);
        let stated = self.request.members.get("output_config");
        let output = Output {
            effort: self.reasoning.effort,
            schema: None,
            stated: stated.map(|member| member.value),
        };
        output.write(fields);
        self.tools.write_claudes(fields);
        let stated = self.request.members.get("anthropic_beta");
        let stated: Vec<String> = stated
            .and_then(|member| serde_json::from_slice(member.value).ok())
            .unwrap_or_default();
        let mut betas: Vec<&str> = stated.iter().map(String::as_str).collect();
        for beta in self.tools.betas() {
            betas.push(beta);
        }
        let levels = self.traits.claude.map(|abilities| abilities.effort);
        if self.reasoning.effort.is_some() && levels == Some(Levels::Beta) {
            betas.push("effort-2025-11-24");
        }
        if !betas.is_empty() {
            fields.array("anthropic_beta", |array| {
                betas
                    .iter()
                    .for_each(|beta| array.with(|out| push_string(out, beta)));
            });
        }
    }

    /// Writes `outputConfig`, for models that follow schemas by themselves.
    fn write_output(&self, body: &mut Object<'_>) {
        let (Wanted::Schema(wanted), true) = (self.wanted, self.traits.schemas()) else {
            return;
        };
        let Some(schema) = schema::strict(wanted) else {
            return;
        };
        let stated = Members::read(self.format).unwrap_or_default();
        let stated = stated
            .get("json_schema")
            .and_then(|member| Members::read(member.value).ok())
            .unwrap_or_default();
        body.object("outputConfig", |config| {
            config.object("textFormat", |format| {
                format.string("type", "json_schema");
                format.object("structure", |structure| {
                    structure.object("jsonSchema", |json| {
                        json.string("schema", &String::from_utf8_lossy(&schema));
                        for name in ["name", "description"] {
                            let member = stated.get(name).map(|member| member.value);
                            if let Some(value) = member.filter(|value| value.starts_with(b"\"")) {
                                json.raw(name, value);
                            }
                        }
                    });
                });
            });
        });
    }
}

/// How many breakpoints stand between the blocks: Converse has none within results.
fn outer(blocks: &[Block<'_>]) -> usize {
    blocks.iter().filter(|block| block.cache.is_some()).count()
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < f64::EPSILON
}
