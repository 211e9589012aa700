//! The tools a model may call, Google's own among them, and which of them it must.

use std::borrow::Cow;

use super::models::Abilities;
use super::schema;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::anthropic::fault::bad_request;
use crate::provider::anthropic::names::Names;
use crate::provider::anthropic::tools::{self, Choice, Tool};
use crate::wire::json::{Array, Members, Object, push_string};

/// Google's own tools: how other vendors' types of the same begin, and Google's name for it.
const OWN: [(&str, &str); 6] = [
    ("code_execution", "codeExecution"),
    ("code_interpreter", "codeExecution"),
    ("google_search", "googleSearch"),
    ("url_context", "urlContext"),
    ("web_fetch", "urlContext"),
    ("web_search", "googleSearch"),
];

/// The tools of a request and how they are used.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    choice: Option<Choice>,
    list: Vec<Tool<'a>>,
    pub names: Names,
    /// Google's own, each a JSON object.
    own: Vec<Vec<u8>>,
}

impl<'a> Tools<'a> {
    /// Reads `tools` (which are `json`), `tool_choice` and what else brings tools with it.
    ///
    /// # Errors
    /// A 400 naming what Google cannot be given.
    pub fn read(
        request: &ChatRequest<'_>,
        json: &'a [u8],
        abilities: &Abilities,
    ) -> Result<Self, ApiError> {
        let all = if json == b"null" {
            Vec::new()
        } else {
            tools::parse(json)?
        };
        let mut list = Vec::with_capacity(all.len());
        let mut own = Vec::new();
        for (index, tool) in all.into_iter().enumerate() {
            match owned(&tool) {
                Some(json) => own.push(json),
                None => {
                    check(&tool, &format!("tools[{index}]"))?;
                    list.push(tool);
                }
            }
        }
        let searches = request.members.get("web_search_options");
        if searches.is_some_and(|member| member.value != b"null") {
            own.push(br#"{"googleSearch":{}}"#.to_vec());
        }
        if !list.is_empty() && !abilities.search_with_tools() {
            own.clear();
        }
        let stated = request.members.get("tool_choice");
        let choice = match stated.filter(|member| member.value != b"null" && !list.is_empty()) {
            Some(member) => Some(tools::choice(member, &mut list)?),
            None => None,
        };
        let names = list.iter().filter_map(|tool| tool.name);
        let names = Names::lettered(names.map(|name| name.decode()));
        Ok(Self {
            choice,
            list,
            names,
            own,
        })
    }

    /// Whether Google looks for sources.
    pub fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// Writes `tools` and, unless the client has written it itself, `toolConfig`.
    pub fn write(&self, body: &mut Object<'_>, abilities: &Abilities, configured: bool) {
        if self.list.is_empty() && self.own.is_empty() {
            return;
        }
        body.array("tools", |tools| {
            if !self.list.is_empty() {
                tools.object(|tool| {
                    tool.array("functionDeclarations", |functions| {
                        for tool in &self.list {
                            functions.object(|function| self.declare(tool, function, abilities));
                        }
                    });
                });
            }
            for json in &self.own {
                tools.with(|out| out.extend_from_slice(json));
            }
        });
        if let Some(choice) = self.choice.as_ref().filter(|_| !configured) {
            body.object("toolConfig", |config| self.choose(choice, config));
        }
    }

    fn declare(&self, tool: &Tool<'_>, function: &mut Object<'_>, abilities: &Abilities) {
        let name = tool.name.map(|name| name.decode()).unwrap_or_default();
        function.string("name", &self.names.sent(name));
        if let Some(description) = tool.description {
            function.text("description", description);
        }
        let Some(parameters) = tool.parameters else {
            return;
        };
        if abilities.tool_schemas() {
            if let Some(schema) = schema::whole(parameters) {
                function.raw("parametersJsonSchema", &schema);
            }
        } else if let Some(schema) = schema::subset(parameters, false) {
            function.raw("parameters", &schema);
        }
    }

    fn choose(&self, choice: &Choice, config: &mut Object<'_>) {
        let (mode, name) = match choice {
            Choice::Any => ("ANY", None),
            Choice::Auto => ("AUTO", None),
            Choice::None => ("NONE", None),
            Choice::Tool(name) => ("ANY", Some(name)),
        };
        config.object("functionCallingConfig", |calling| {
            calling.string("mode", mode);
            if let Some(name) = name {
                calling.array("allowedFunctionNames", |names: &mut Array<'_>| {
                    let name = self.names.sent(Cow::Borrowed(name));
                    names.with(|out| push_string(out, &name));
                });
            }
        });
    }
}

/// The tool of Google's that it asks for, in whichever words.
fn owned(tool: &Tool<'_>) -> Option<Vec<u8>> {
    if tool.is_function {
        return None;
    }
    let Some(kind) = tool.kind else {
        // Google's own words: an object by the tool's name.
        let members = Members::read(tool.raw).ok()?;
        let first = members.iter().next()?;
        let is_own = tool.name.is_none() && first.value.starts_with(b"{");
        return is_own.then(|| tool.raw.to_vec());
    };
    let kind = kind.decode();
    let known = OWN.iter().find(|(start, _)| kind.starts_with(start));
    known.map(|(_, name)| format!("{{\"{name}\":{{}}}}").into_bytes())
}

fn check(tool: &Tool<'_>, at: &str) -> Result<(), ApiError> {
    tool.check(at, "gemini")?;
    if tool.is_function {
        return Ok(());
    }
    let kind = tool.kind.map(|kind| kind.decode()).unwrap_or_default();
    let words = format!("gemini has no tools of type '{kind}'");
    Err(bad_request("unsupported_parameter", at, words))
}
