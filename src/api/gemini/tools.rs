//! Tools and what becomes of their calls.

use std::borrow::Cow;

use super::fields::{text, value, word};
use super::schema;
use crate::api::look::{as_text, elements, object, unsupported};
use crate::api::talk::Part;
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Members, Object, Text, compact};

/// What a request lets the model use.
#[derive(Debug, Default)]
pub(super) struct Tools<'a> {
    choice: Option<Choice<'a>>,
    functions: Vec<Members<'a>>,
    search: bool,
}

#[derive(Debug)]
enum Choice<'a> {
    Some(Vec<Text<'a>>),
    Word(&'static [u8]),
}

impl<'a> Tools<'a> {
    /// Reads `tools` and `toolConfig`.
    ///
    /// # Errors
    /// A 400 naming the tools that only Google has.
    pub fn read(members: &Members<'a>) -> Result<Self, ApiError> {
        let mut tools = Self::default();
        let mut hosted: Vec<Cow<'a, str>> = Vec::new();
        for json in value(members, "tools").map(elements).unwrap_or_default() {
            let tool = object(json);
            for member in tool.iter().filter(|member| member.value != b"null") {
                let name = member.key.decode();
                let key: String = name.chars().filter(|letter| *letter != '_').collect();
                match key.to_ascii_lowercase().as_str() {
                    "functiondeclarations" => {
                        tools
                            .functions
                            .extend(elements(member.value).into_iter().map(object));
                    }
                    "googlesearch" | "googlesearchretrieval" => tools.search = true,
                    _ => hosted.push(name),
                }
            }
        }
        if !hosted.is_empty() {
            let words = format!(
                "this model's provider is not Google and does not have these tools: {}; only 'functionDeclarations' and 'googleSearch' can be used",
                hosted.join(", ")
            );
            return Err(unsupported("tools", words));
        }
        tools
            .functions
            .retain(|function| text(function, "name").is_some());
        if !tools.functions.is_empty() {
            let config = value(members, "toolConfig").map(object).unwrap_or_default();
            tools.choice = value(&config, "functionCallingConfig").and_then(choice);
        }
        Ok(tools)
    }

    /// Writes them as a chat has them.
    pub fn write(&self, chat: &mut Object<'_>) {
        if self.search {
            chat.raw("web_search_options", b"{}");
        }
        if self.functions.is_empty() {
            return;
        }
        chat.array("tools", |list| {
            self.functions
                .iter()
                .for_each(|function| declare(function, list));
        });
        match &self.choice {
            None => {}
            Some(Choice::Word(word)) => chat.raw("tool_choice", word),
            Some(Choice::Some(names)) => chat.object("tool_choice", |choice| allow(names, choice)),
        }
    }
}

fn declare(function: &Members<'_>, list: &mut Array<'_>) {
    list.object(|outer| {
        outer.raw("type", b"\"function\"");
        outer.object("function", |inner| {
            for name in ["name", "description"] {
                if let Some(value) = value(function, name) {
                    inner.raw(name, value);
                }
            }
            if let Some(standard) = value(function, "parametersJsonSchema") {
                inner.raw("parameters", standard);
            } else if let Some(own) = value(function, "parameters") {
                inner.raw("parameters", &schema::standard(own));
            }
        });
    });
}

fn choice(json: &[u8]) -> Option<Choice<'_>> {
    let config = object(json);
    match word(&config, "mode").to_ascii_uppercase().as_str() {
        "ANY" => {
            let names = value(&config, "allowedFunctionNames")
                .map(elements)
                .unwrap_or_default();
            let names: Vec<_> = names.into_iter().filter_map(as_text).collect();
            if names.is_empty() {
                return Some(Choice::Word(b"\"required\""));
            }
            Some(Choice::Some(names))
        }
        "AUTO" | "VALIDATED" => Some(Choice::Word(b"\"auto\"")),
        "NONE" => Some(Choice::Word(b"\"none\"")),
        _ => None,
    }
}

/// One function is chosen by name, several are allowed.
fn allow(names: &[Text<'_>], choice: &mut Object<'_>) {
    if let [name] = names {
        return named(*name, choice);
    }
    choice.raw("type", b"\"allowed_tools\"");
    choice.object("allowed_tools", |inner| {
        inner.raw("mode", b"\"required\"");
        inner.array("tools", |list| {
            for name in names {
                list.object(|tool| named(*name, tool));
            }
        });
    });
}

fn named(name: Text<'_>, tool: &mut Object<'_>) {
    tool.raw("type", b"\"function\"");
    tool.object("function", |function| function.text("name", name));
}

/// What a result says: its text where it is nothing but a text that had to be wrapped, else its JSON.
pub(super) fn result_text(response: &[u8]) -> Part<'_> {
    let members = object(response);
    let mut all = members.iter();
    if let (Some(only), None) = (all.next(), all.next())
        && (only.key.is("output") || only.key.is("result"))
        && let Some(text) = as_text(only.value)
    {
        return Part::Text(text);
    }
    Part::Words(String::from_utf8_lossy(&compact(response)).into_owned())
}
