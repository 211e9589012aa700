//! A chat request in the words of `generateContent`.

use std::borrow::Cow;

use super::Flavor;
use super::contents::{Conversation, Manner, converse};
use super::generation::{Generation, Known};
use super::models::{self, Abilities};
use super::params::{self, Own};
use super::reply::Reply;
use super::thinking::Reasoning;
use super::tools::Tools;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::Target;
use crate::provider::anthropic::message;
use crate::provider::anthropic::sampling::stated_max;
use crate::provider::anthropic::text::mended;
use crate::provider::anthropic::wish::wish;
use crate::wire::json::Object;

/// Words the request; what comes with the body is what its answer needs.
///
/// # Errors
/// A 400 naming what Google cannot be asked.
pub(super) fn word(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    flavor: Flavor,
) -> Result<(Vec<u8>, Reply), ApiError> {
    let abilities = models::of(target.model);
    params::check(flavor.vendor(), request, target, &abilities)?;
    let raw = |name: &str| {
        request
            .members
            .get(name)
            .map_or(Cow::Borrowed(&b"null"[..]), |member| mended(member.value))
    };
    let (messages, tools) = (raw("messages"), raw("tools"));
    let tools = Tools::read(request, &tools, &abilities)?;
    let manner = Manner {
        abilities,
        flavor,
        names: &tools.names,
    };
    let conversation = converse(message::read(&messages)?, manner)?;
    let own = params::own(request, target);
    let wish = wish(request, stated_max(request)?, false)?;
    let known = Known {
        abilities,
        own: &own,
        reasoning: Reasoning::decide(wish, abilities.thinking),
        resolution: conversation.resolution,
    };
    let draft = Draft {
        abilities,
        conversation: &conversation,
        generation: Generation::read(request, &known)?,
        own: &own,
        request,
        tools: &tools,
    };
    let body = draft.write();
    let searches = tools.has_own();
    let renamed = tools.names.into_renamed();
    Ok((body, Reply { renamed, searches }))
}

/// Everything that is known before the first byte is written.
struct Draft<'d, 'a> {
    abilities: Abilities,
    conversation: &'d Conversation<'a>,
    generation: Generation,
    own: &'d [Own<'d>],
    request: &'d ChatRequest<'d>,
    tools: &'d Tools<'a>,
}

impl Draft<'_, '_> {
    fn write(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.request.json.len().saturating_add(512));
        Object::write(&mut body, |body| {
            self.conversation.write(body, &self.abilities);
            let own = || self.own.iter().filter(|member| !member.in_config);
            let configured = own().any(|member| member.name == "toolConfig");
            self.tools.write(body, &self.abilities, configured);
            self.generation.write(body);
            let tier = self.request.members.get("service_tier");
            let tier = tier.and_then(|member| params::tier(member.value));
            if let Some(tier) = tier.filter(|tier| !tier.is_empty()) {
                body.string("serviceTier", tier);
            }
            for member in own() {
                body.raw(&member.name, &mended(member.value));
            }
        });
        body
    }
}
