//! The tools of a request: functions, tools that take only text, and the one hosted tool that a chat has too.

use std::borrow::Cow;

use crate::api::look::{elements, invalid, object, text, unsupported, value, word};
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Members, Object, Text};

/// The parameters of a function that stands for a tool which takes only text.
const INPUT: &[u8] = br#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// What a request lets the model use.
#[derive(Debug, Default)]
pub(super) struct Tools<'a> {
    choice: Option<Vec<u8>>,
    functions: Vec<Members<'a>>,
    search: Option<Vec<u8>>,
}

/// The names of the tools that take only text: they are called as functions, and told as what they are.
pub(super) fn custom(members: &Members<'_>) -> Vec<String> {
    let list = value(members, "tools").map(elements).unwrap_or_default();
    let tools = list.into_iter().map(object);
    tools
        .filter(|tool| word(tool, "type") == "custom")
        .map(|tool| word(&tool, "name").into_owned())
        .collect()
}

impl<'a> Tools<'a> {
    /// Reads `tools` and `tool_choice`.
    ///
    /// # Errors
    /// A 400 naming the hosted tools that only OpenAI has.
    pub fn read(members: &Members<'a>) -> Result<Self, ApiError> {
        let mut tools = Self::default();
        let mut hosted: Vec<Cow<'_, str>> = Vec::new();
        for json in value(members, "tools").map(elements).unwrap_or_default() {
            let tool = object(json);
            match word(&tool, "type") {
                kind if kind == "function" || kind == "custom" => tools.add(tool)?,
                kind if kind.starts_with("web_search") => tools.search = Some(search(&tool)),
                kind => hosted.push(kind),
            }
        }
        if !hosted.is_empty() {
            let words = format!(
                "this model's provider has no hosted tools, and these are asked for: {}; only tools of the types 'function', \
                 'custom' and 'web_search' can be used",
                hosted.join(", ")
            );
            return Err(unsupported("tools", words));
        }
        if !tools.functions.is_empty() {
            tools.choice = value(members, "tool_choice").and_then(choice);
        }
        Ok(tools)
    }

    fn add(&mut self, tool: Members<'a>) -> Result<(), ApiError> {
        if text(&tool, "name").is_none() {
            return Err(invalid("tools", "a tool needs a 'name'"));
        }
        self.functions.push(tool);
        Ok(())
    }

    /// Writes them as a chat has them.
    pub fn write(&self, members: &Members<'_>, chat: &mut Object<'_>) {
        if let Some(search) = &self.search {
            chat.raw("web_search_options", search);
        }
        if self.functions.is_empty() {
            return;
        }
        chat.array("tools", |list| {
            self.functions.iter().for_each(|tool| function(tool, list));
        });
        if let Some(choice) = &self.choice {
            chat.raw("tool_choice", choice);
        }
        if let Some(parallel) = value(members, "parallel_tool_calls") {
            chat.raw("parallel_tool_calls", parallel);
        }
    }
}

fn function(tool: &Members<'_>, list: &mut Array<'_>) {
    let is_custom = word(tool, "type") == "custom";
    list.object(|outer| {
        outer.raw("type", b"\"function\"");
        outer.object("function", |function| {
            for name in ["name", "description", "parameters", "strict"] {
                if let Some(value) = value(tool, name) {
                    function.raw(name, value);
                }
            }
            if is_custom {
                function.raw("parameters", INPUT);
            }
        });
    });
}

/// Where the user is stands one level deeper in a chat.
fn search(tool: &Members<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Object::write(&mut out, |options| {
        if let Some(size) = value(tool, "search_context_size") {
            options.raw("search_context_size", size);
        }
        let Some(place) = value(tool, "user_location").map(object) else {
            return;
        };
        options.object("user_location", |location| {
            location.raw("type", b"\"approximate\"");
            location.object("approximate", |approximate| {
                for name in ["city", "country", "region", "timezone"] {
                    if let Some(value) = value(&place, name) {
                        approximate.raw(name, value);
                    }
                }
            });
        });
    });
    out
}

/// The choice as a chat has it; `None` where it is the model's.
fn choice(json: &[u8]) -> Option<Vec<u8>> {
    if json.starts_with(b"\"") {
        return Some(json.to_vec());
    }
    let choice = object(json);
    let mut out = Vec::new();
    match word(&choice, "type").as_ref() {
        "function" | "custom" => {
            Object::write(&mut out, |outer| named(text(&choice, "name"), outer))
        }
        "allowed_tools" => Object::write(&mut out, |outer| {
            outer.raw("type", b"\"allowed_tools\"");
            outer.object("allowed_tools", |inner| allowed(&choice, inner));
        }),
        _ => return None,
    }
    Some(out)
}

fn allowed(choice: &Members<'_>, inner: &mut Object<'_>) {
    inner.raw("mode", value(choice, "mode").unwrap_or(b"\"auto\""));
    inner.array("tools", |list| {
        let tools = value(choice, "tools").map(elements).unwrap_or_default();
        for name in tools
            .into_iter()
            .filter_map(|tool| text(&object(tool), "name"))
        {
            list.object(|tool| named(Some(name), tool));
        }
    });
}

fn named(name: Option<Text<'_>>, outer: &mut Object<'_>) {
    outer.raw("type", b"\"function\"");
    outer.object("function", |function| {
        if let Some(name) = name {
            function.text("name", name);
        }
    });
}
