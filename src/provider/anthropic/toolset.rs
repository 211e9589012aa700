//! A request's tools together: under which names they are sent, and which of them must be called.

use super::models::Abilities;
use super::names::Names;
use super::output::Wanted;
use super::search;
use super::tools::{self, Choice, Tool};
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;

/// The tools of a request and how they are used.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    pub choice: Option<Choice>,
    /// The tool whose input is the answer, on models that have no other way to follow a schema.
    pub form: Option<String>,
    pub list: Vec<Tool<'a>>,
    pub names: Names,
    pub parallel: bool,
    /// Options of the vendor's own search.
    pub search: Option<Vec<u8>>,
}

impl<'a> Tools<'a> {
    /// Reads `tools` (which are `json`), `tool_choice` and what else brings tools with it.
    ///
    /// # Errors
    /// A 400 naming what Anthropic cannot be given.
    pub fn read(
        request: &ChatRequest<'_>,
        json: &'a [u8],
        wanted: Wanted<'_>,
        abilities: &Abilities,
    ) -> Result<Self, ApiError> {
        let mut list = if json == b"null" {
            Vec::new()
        } else {
            tools::read(json, "anthropic")?
        };
        let choice = match request.members.get("tool_choice") {
            Some(member) if member.value != b"null" && !list.is_empty() => {
                Some(tools::choice(member, &mut list)?)
            }
            Some(_) | None => None,
        };
        let mut names = Names::new(
            list.iter()
                .filter_map(|tool| tool.name)
                .map(|name| name.decode()),
        );
        let by_tool = matches!(wanted, Wanted::Schema(_)) && !abilities.schemas;
        let form = by_tool.then(|| names.free("json_tool_call".to_owned()));
        let parallel = request.member("parallel_tool_calls")?.unwrap_or(true);
        Ok(Self {
            choice,
            form,
            list,
            names,
            parallel,
            search: search::tool(request)?,
        })
    }

    /// Whether no tools are sent.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.form.is_none() && self.search.is_none()
    }

    /// The choice to send. Reasoning forbids forcing a tool, and so do some models.
    pub fn chosen(&self, may_force: bool) -> Option<Choice> {
        let choice = match (&self.form, &self.choice) {
            (Some(name), _) => Some(Choice::Tool(name.clone())),
            (None, choice) => choice.clone(),
        };
        match choice {
            Some(Choice::Any | Choice::Tool(_)) if !may_force => Some(Choice::Auto),
            None if !self.parallel => Some(Choice::Auto),
            other => other,
        }
    }
}
