//! What is known about a deployment's model: what the file says, over what the price table says.

use super::environment::Environment;
use super::model::Named;
use super::prices::{self, Model};
use super::section::Section;
use crate::usage::prices::{Abilities, Prices};

/// What is known about a model; `None` where nobody knows.
pub(super) struct Facts {
    pub abilities: Option<Abilities>,
    /// In tokens.
    pub max_input: Option<u64>,
    pub prices: Option<Prices>,
}

impl Facts {
    /// The facts of the model a deployment is for.
    pub fn of(
        named: &Named,
        params: &Section<'_>,
        info: &Section<'_>,
        env: &Environment<'_>,
    ) -> Facts {
        let base = info.name("base_model", env);
        let listed = prices::entry(&Model {
            provider: named.provider.name(),
            model: &named.model,
            base: base.as_ref().map(|base| base.value.as_str()),
        });
        let max_input = info.positive("max_input_tokens", env).map(u64::from);
        let listed_input = || listed.as_ref()?.max_input;
        let listed_abilities = listed.as_ref().map(|listed| listed.abilities);
        Facts {
            abilities: abilities(info, listed_abilities, env),
            max_input: max_input.or_else(listed_input),
            prices: prices::prices_of(listed, prices::own(params, info, env)),
        }
    }
}

/// What the file says a model can do, over what the price table says. A model nobody lists is not refused a request for what
/// the file does not mention.
fn abilities(
    info: &Section<'_>,
    listed: Option<Abilities>,
    env: &Environment<'_>,
) -> Option<Abilities> {
    let mut abilities = listed.unwrap_or(Abilities {
        function_calling: true,
        response_schema: true,
        vision: true,
        ..Abilities::default()
    });
    let mut is_known = listed.is_some();
    for (key, ability) in [
        (
            "supports_assistant_prefill",
            &mut abilities.assistant_prefill,
        ),
        ("supports_function_calling", &mut abilities.function_calling),
        ("supports_prompt_caching", &mut abilities.prompt_caching),
        ("supports_reasoning", &mut abilities.reasoning),
        ("supports_response_schema", &mut abilities.response_schema),
        ("supports_vision", &mut abilities.vision),
    ] {
        if let Some(stated) = info.flag(key, env) {
            *ability = stated;
            is_known = true;
        }
    }
    is_known.then_some(abilities)
}
