//! The tools a model may call, and which of them it must, in OpenAI's words.

use std::borrow::Cow;

use super::fields::{Fields, elements, invalid, unsupported};
use super::names;
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Object};

/// What a tool takes that does not say what it takes.
const NOTHING: &[u8] = br#"{"type":"object","properties":{}}"#;

/// The tools of a request.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    choice: Fields<'a>,
    functions: Vec<Fields<'a>>,
    /// The vendor's own search of the web.
    search: Option<Fields<'a>>,
}

/// Reads `tools` and `tool_choice`.
///
/// # Errors
/// A 400 naming a tool that nobody but Anthropic has.
pub(super) fn read<'a>(request: &Fields<'a>) -> Result<Tools<'a>, ApiError> {
    let mut tools = Tools {
        choice: request.inner("tool_choice"),
        functions: Vec::new(),
        search: None,
    };
    let list = elements(request.raw("tools").unwrap_or_default());
    for (index, json) in list.into_iter().enumerate() {
        let (tool, at) = (Fields::of(json), format!("tools.{index}"));
        match tool.kind().as_ref() {
            "" | "custom" if tool.word("name").is_empty() => {
                return Err(invalid(&at, "a tool must have a name"));
            }
            "" | "custom" => tools.functions.push(tool),
            // It finds tools whose definitions are held back; none are.
            search if search.starts_with("tool_search") => {}
            search if search.starts_with("web_search") => tools.search = Some(tool),
            other => {
                let words = format!("tools of type '{other}' work with Anthropic's models only");
                return Err(unsupported(&at, &words));
            }
        }
    }
    Ok(tools)
}

impl Tools<'_> {
    /// Writes what the request says of tools.
    pub fn write(&self, chat: &mut Object<'_>) {
        if let Some(search) = &self.search {
            chat.object("web_search_options", |options| write_place(search, options));
        }
        if self.functions.is_empty() {
            return;
        }
        chat.array("tools", |array| {
            let each = |tool: &Fields<'_>| write_function(tool, array);
            self.functions.iter().for_each(each);
        });
        self.write_choice(chat);
        if self.choice.is_true("disable_parallel_tool_use") {
            chat.raw("parallel_tool_calls", b"false");
        }
    }

    fn write_choice(&self, chat: &mut Object<'_>) {
        match self.choice.kind().as_ref() {
            "any" => chat.string("tool_choice", "required"),
            "auto" => chat.string("tool_choice", "auto"),
            "none" => chat.string("tool_choice", "none"),
            "tool" => {
                let wanted = self.choice.word("name");
                let is_wanted = |tool: &Fields<'_>| tool.word("name") == wanted;
                if self.functions.iter().any(is_wanted) {
                    write_named(wanted, chat);
                }
            }
            _ => {}
        }
    }
}

fn write_named(wanted: Cow<'_, str>, chat: &mut Object<'_>) {
    chat.object("tool_choice", |choice| {
        choice.string("type", "function");
        choice.object("function", |function| {
            function.string("name", &names::name(wanted))
        });
    });
}

fn write_function(tool: &Fields<'_>, array: &mut Array<'_>) {
    array.object(|object| {
        object.string("type", "function");
        object.object("function", |function| {
            function.string("name", &names::name(tool.word("name")));
            if let Some(description) = tool.text("description") {
                function.text("description", description);
            }
            function.raw("parameters", tool.raw("input_schema").unwrap_or(NOTHING));
            if let Some(strict) = tool.raw("strict") {
                function.raw("strict", strict);
            }
        });
        if let Some(marker) = tool.cache() {
            object.raw("cache_control", marker);
        }
    });
}

/// Where the one who asks is, as far as it is said.
fn write_place(search: &Fields<'_>, options: &mut Object<'_>) {
    let place = search.inner("user_location");
    if place.json.is_empty() {
        return;
    }
    options.object("user_location", |location| {
        location.string("type", "approximate");
        location.object("approximate", |approximate| {
            for name in ["city", "country", "region", "timezone"] {
                if let Some(value) = place.raw(name) {
                    approximate.raw(name, value);
                }
            }
        });
    });
}
