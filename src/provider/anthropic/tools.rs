//! The tools a model may call, and which of them it must.

use std::borrow::Cow;

use super::block::Breakpoints;
use super::fault::{bad_request, invalid};
use super::message::marker;
use super::names::Names;
use super::schema;
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Fault, Member, Members, Object, Reader, Text};

/// One of the client's tools.
#[derive(Debug, Default)]
pub(in crate::provider) struct Tool<'a> {
    pub cache: Option<&'a [u8]>,
    pub description: Option<Text<'a>>,
    pub is_function: bool,
    pub kind: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    pub parameters: Option<&'a [u8]>,
    pub raw: &'a [u8],
    pub strict: bool,
}

/// Which tool must be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Choice {
    Any,
    Auto,
    None,
    /// The tool with this name of the client's.
    Tool(String),
}

/// Reads `tools`.
///
/// # Errors
/// A 400 when they are not an array of tools that `vendor` can be given.
pub(in crate::provider) fn read<'a>(
    json: &'a [u8],
    vendor: &str,
) -> Result<Vec<Tool<'a>>, ApiError> {
    let tools = parse(json)?;
    for (index, tool) in tools.iter().enumerate() {
        tool.check(&format!("tools[{index}]"), vendor)?;
    }
    Ok(tools)
}

/// Reads `tools` without checking that each is one.
///
/// # Errors
/// A 400 when they are not an array of objects.
pub(in crate::provider) fn parse(json: &[u8]) -> Result<Vec<Tool<'_>>, ApiError> {
    let mut tools = Vec::new();
    let mut reader = Reader::new(json);
    let read = reader.array(|reader, _| {
        reader.peek();
        let from = reader.at();
        let mut tool = Tool::default();
        reader.object(|reader, key| member(reader, key, &mut tool))?;
        tool.raw = json.get(from..reader.at()).unwrap_or_default();
        tools.push(tool);
        Ok(())
    });
    read.map_err(|fault| {
        invalid(
            "tools",
            format!("'tools' must be an array of objects: {fault}"),
        )
    })?;
    Ok(tools)
}

fn member<'a>(reader: &mut Reader<'a>, key: Text<'a>, tool: &mut Tool<'a>) -> Result<(), Fault> {
    match key.decode().as_ref() {
        "cache_control" => tool.cache = marker(reader)?.or(tool.cache),
        "description" => tool.description = reader.optional_string()?,
        "function" => {
            tool.is_function = reader.optional_object(|reader, key| member(reader, key, tool))?
        }
        "name" => tool.name = reader.optional_string()?,
        "parameters" => tool.parameters = Some(reader.skip()?),
        "strict" => tool.strict = reader.skip()? == b"true",
        // Within a function it would be none of ours.
        "type" if !tool.is_function => tool.kind = reader.optional_string()?,
        _ => reader.ignore()?,
    }
    Ok(())
}

impl Tool<'_> {
    /// Refuses what is no tool that has a name and takes an object.
    ///
    /// # Errors
    /// A 400 blaming `at`.
    pub fn check(&self, at: &str, vendor: &str) -> Result<(), ApiError> {
        let custom = self.kind.is_some_and(|kind| kind.is("custom"));
        if custom
            && !self.is_function
            && Members::read(self.raw).is_ok_and(|tool| tool.get("custom").is_some())
        {
            return Err(bad_request(
                "unsupported_parameter",
                at,
                format!("{vendor} has no tools that take free text"),
            ));
        }
        let nameless = self.name.is_none_or(|name| name.raw().is_empty());
        if nameless && (self.is_function || self.kind.is_none_or(|kind| kind.is("function"))) {
            return Err(invalid(at, "a tool must have a function with a name"));
        }
        Ok(())
    }

    /// The beta that a tool of Anthropic's own needs.
    pub fn beta(&self) -> Option<&'static str> {
        let kind = self.kind?.decode();
        BETAS
            .iter()
            .find(|(tool, _)| *tool == kind)
            .map(|(_, beta)| *beta)
    }

    /// Writes it, under the name that is sent.
    pub(super) fn write(
        &self,
        tools: &mut Array<'_>,
        names: &Names,
        schemas: bool,
        cache: &mut Breakpoints,
    ) {
        let (true, Some(name)) = (self.is_function, self.name) else {
            // Already in Anthropic's words.
            tools.with(|out| out.extend_from_slice(self.raw));
            return;
        };
        tools.object(|tool| {
            tool.string("name", &names.sent(name.decode()));
            if let Some(description) = self.description {
                tool.text("description", description);
            }
            let strict = (self.strict && schemas)
                .then(|| self.parameters.and_then(schema::strict))
                .flatten();
            match &strict {
                Some(schema) => {
                    tool.raw("input_schema", schema);
                    tool.raw("strict", b"true");
                }
                None => tool.with("input_schema", |out| write_schema(self.parameters, out)),
            }
            cache.write(tool, self.cache);
        });
    }
}

/// Tools of Anthropic's own that are still in beta.
const BETAS: [(&str, &str); 6] = [
    ("code_execution_20250522", "code-execution-2025-05-22"),
    ("code_execution_20250825", "code-execution-2025-08-25"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("mcp_toolset", "mcp-client-2025-11-20"),
    ("web_fetch_20250910", "web-fetch-2025-09-10"),
];

/// Writes a tool's schema as it is, with the `type` that Anthropic insists on.
pub(in crate::provider) fn write_schema(parameters: Option<&[u8]>, out: &mut Vec<u8>) {
    let members =
        parameters.and_then(|json| Members::read(json).ok().map(|members| (json, members)));
    let Some((json, members)) = members.filter(|(_, members)| members.iter().next().is_some())
    else {
        out.extend_from_slice(br#"{"type":"object","properties":{}}"#);
        return;
    };
    if members
        .get("type")
        .is_some_and(|kind| kind.value == b"\"object\"")
    {
        out.extend_from_slice(json);
        return;
    }
    Object::write(out, |object| {
        object.raw("type", b"\"object\"");
        let others = members.iter().filter(|member| !member.key.is("type"));
        others.for_each(|member| object.raw(&member.key.decode(), member.value));
    });
}

/// What `tool_choice` says; tools that it does not allow are taken out of `tools`.
///
/// # Errors
/// A 400 when it is none of OpenAI's forms, or names a tool that is not there.
pub(in crate::provider) fn choice(
    member: &Member<'_>,
    tools: &mut Vec<Tool<'_>>,
) -> Result<Choice, ApiError> {
    let mut stated = Stated::default();
    let mut reader = Reader::new(member.value);
    let read = match reader.peek() {
        Some(b'"') => reader.string().map(|word| stated.kind = Some(word)),
        Some(_) | None => reader.object(|reader, key| stated.member(reader, key)),
    };
    read.map_err(|fault| {
        invalid(
            "tool_choice",
            format!("'tool_choice' is neither a word nor an object: {fault}"),
        )
    })?;
    let kind = stated.kind.map(|kind| kind.decode()).unwrap_or_default();
    match kind.as_ref() {
        "any" | "required" => Ok(Choice::Any),
        "auto" => Ok(Choice::Auto),
        "none" => Ok(Choice::None),
        "custom" | "function" | "tool" => named(stated.name, tools),
        "allowed_tools" => {
            tools.retain(|tool| {
                tool.name
                    .is_some_and(|name| stated.allowed.contains(&name.decode()))
            });
            let required = stated.mode.is_some_and(|mode| mode.is("required"));
            Ok(if required { Choice::Any } else { Choice::Auto })
        }
        other => Err(invalid(
            "tool_choice",
            format!("unknown tool_choice '{other}'"),
        )),
    }
}

fn named(name: Option<Text<'_>>, tools: &[Tool<'_>]) -> Result<Choice, ApiError> {
    let name = name
        .ok_or_else(|| invalid("tool_choice", "tool_choice must name a function"))?
        .decode();
    if tools
        .iter()
        .any(|tool| tool.name.is_some_and(|tool| tool.is(&name)))
    {
        return Ok(Choice::Tool(name.into_owned()));
    }
    Err(invalid(
        "tool_choice",
        format!("tool_choice names '{name}', which is not in 'tools'"),
    ))
}

#[derive(Default)]
struct Stated<'a> {
    allowed: Vec<Cow<'a, str>>,
    kind: Option<Text<'a>>,
    mode: Option<Text<'a>>,
    name: Option<Text<'a>>,
}

impl<'a> Stated<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.decode().as_ref() {
            "allowed_tools" => {
                reader.optional_object(|reader, key| self.member(reader, key))?;
            }
            "custom" | "function" => {
                reader.optional_object(|reader, key| {
                    if key.is("name") {
                        self.name = reader.optional_string()?;
                        return Ok(());
                    }
                    reader.ignore()
                })?;
            }
            "mode" => self.mode = reader.optional_string()?,
            "name" => self.name = reader.optional_string()?,
            "tools" => {
                reader.optional_array(|reader, _| self.allow(reader))?;
            }
            "type" => self.kind = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }

    fn allow(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let mut tool = Tool::default();
        reader.optional_object(|reader, key| member(reader, key, &mut tool))?;
        self.allowed.extend(tool.name.map(|name| name.decode()));
        Ok(())
    }
}

impl Choice {
    /// Writes it as the member `tool_choice`.
    pub(super) fn write(&self, body: &mut Object<'_>, names: &Names, parallel: bool) {
        body.object("tool_choice", |choice| {
            match self {
                Self::Any => choice.string("type", "any"),
                Self::Auto => choice.string("type", "auto"),
                Self::None => choice.string("type", "none"),
                Self::Tool(name) => {
                    choice.string("type", "tool");
                    choice.string("name", &names.sent(Cow::Borrowed(name)));
                }
            }
            if !parallel && *self != Self::None {
                choice.raw("disable_parallel_tool_use", b"true");
            }
        });
    }
}
