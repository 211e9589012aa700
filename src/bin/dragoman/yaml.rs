//! YAML as configurations use it: one document of sections, lists and scalars, with anchors and merge keys, no key twice.
//! Plain scalars mean what LiteLLM's reader takes them for where that reader and YAML 1.2 differ (`yes` is true).

use core::fmt;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Number, Value};

use crate::source::{Place, PlacedFault, Problem};

/// Aliases can make a small file huge.
const MOST_NODES: usize = 100_000;
const DEEPEST: usize = 64;

/// A piece of the document.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Where it begins.
    pub place: Place,
    /// How many nodes it is made of.
    size: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Content {
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in order.
    Map(Vec<Member>),
    /// Anything else.
    Scalar(Value),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Member {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub place: Place,
    /// The value.
    pub value: Node,
}

/// Why YAML cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub enum BadYaml {
    /// A key that is itself a list or a section.
    ComplexKey,
    /// Nested too deeply.
    Deep,
    /// More than one document.
    Documents,
    /// A key that was there before.
    Duplicate {
        /// The key.
        key: String,
        /// Where it was before.
        first: Place,
    },
    /// Too many nodes.
    Huge,
    /// A merge key with something that has no keys.
    Merge,
    /// The parser's own words.
    Syntax(String),
    /// A tag that means nothing here.
    Tag,
    /// Not UTF-8.
    Utf8,
}

impl fmt::Display for BadYaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadYaml::ComplexKey => f.write_str("a key must be text"),
            BadYaml::Deep => write!(f, "nested deeper than {DEEPEST} levels"),
            BadYaml::Documents => f.write_str("a second document: there must be one"),
            BadYaml::Duplicate { key, first } => {
                write!(
                    f,
                    "the key `{key}` is there twice, first at {}:{}",
                    first.line, first.column
                )
            }
            BadYaml::Huge => write!(f, "more than {MOST_NODES} values"),
            BadYaml::Merge => f.write_str("`<<` takes a section or a list of sections"),
            BadYaml::Syntax(words) => write!(f, "not valid YAML: {words}"),
            BadYaml::Tag => f.write_str("tags mean nothing here"),
            BadYaml::Utf8 => f.write_str("not UTF-8"),
        }
    }
}

/// Reads a document. All keys that are there twice are told at once; other mistakes end the reading.
pub fn read(bytes: &[u8]) -> Result<Node, Vec<PlacedFault>> {
    let text = core::str::from_utf8(bytes).map_err(|_| vec![bad(Place::START, BadYaml::Utf8)])?;
    let mut reader = Reader {
        events: Parser::new_from_str(text.trim_start_matches('\u{feff}')),
        ..Reader::new("")
    };
    let node = reader.document().map_err(|fault| vec![fault])?;
    if reader.duplicates.is_empty() {
        Ok(node)
    } else {
        Err(reader.duplicates)
    }
}

struct Reader<'t> {
    anchors: HashMap<usize, Node>,
    depth: usize,
    duplicates: Vec<PlacedFault>,
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Reader {
            anchors: HashMap::new(),
            depth: 0,
            duplicates: Vec::new(),
            events: Parser::new_from_str(text),
            nodes: 0,
        }
    }

    fn document(&mut self) -> Result<Node, PlacedFault> {
        let mut document = None;
        loop {
            match self.next()? {
                None | Some((Event::StreamEnd, _)) => break,
                Some((
                    Event::DocumentEnd
                    | Event::DocumentStart(_)
                    | Event::Nothing
                    | Event::StreamStart,
                    _,
                )) => {}
                Some((_, span)) if document.is_some() => {
                    return Err(bad(place(&span), BadYaml::Documents));
                }
                Some((event, span)) => document = Some(self.node(event, &span)?),
            }
        }
        Ok(document.unwrap_or_else(|| Node {
            content: Content::Scalar(Value::Null),
            place: Place::START,
            size: 1,
        }))
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, PlacedFault> {
        self.events
            .next()
            .transpose()
            .map_err(|error| syntax(&error))
    }

    fn node(&mut self, event: Event<'t>, span: &Span) -> Result<Node, PlacedFault> {
        let place = place(span);
        let (anchor, content) = match event {
            Event::Alias(anchor) => return self.alias(anchor, place),
            Event::MappingStart(anchor, tag) => {
                (anchor, self.nested(tag.as_deref(), place, Self::map)?)
            }
            Event::Scalar(text, style, anchor, tag) => (
                anchor,
                Content::Scalar(
                    scalar(&text, style, tag.as_deref()).ok_or_else(|| bad(place, BadYaml::Tag))?,
                ),
            ),
            Event::SequenceStart(anchor, tag) => {
                (anchor, self.nested(tag.as_deref(), place, Self::list)?)
            }
            Event::DocumentEnd
            | Event::DocumentStart(_)
            | Event::MappingEnd
            | Event::Nothing
            | Event::SequenceEnd
            | Event::StreamEnd
            | Event::StreamStart => (0, Content::Scalar(Value::Null)),
        };
        let size = content.size();
        self.count(1, place)?;
        let node = Node {
            content,
            place,
            size,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<Node, PlacedFault> {
        let node = self.anchors.get(&anchor).cloned();
        let node = node.ok_or_else(|| {
            bad(
                place,
                BadYaml::Syntax("an alias inside of what it stands for".to_owned()),
            )
        })?;
        self.count(node.size, place)?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize, place: Place) -> Result<(), PlacedFault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            Err(bad(place, BadYaml::Huge))
        } else {
            Ok(())
        }
    }

    fn nested(
        &mut self,
        tag: Option<&Tag>,
        place: Place,
        read: fn(&mut Self) -> Result<Content, PlacedFault>,
    ) -> Result<Content, PlacedFault> {
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
            return Err(bad(place, BadYaml::Tag));
        }
        if self.depth >= DEEPEST {
            return Err(bad(place, BadYaml::Deep));
        }
        self.depth = self.depth.saturating_add(1);
        let content = read(self);
        self.depth = self.depth.saturating_sub(1);
        content
    }

    fn list(&mut self) -> Result<Content, PlacedFault> {
        let mut items = Vec::new();
        while let Some((event, span)) = self
            .next()?
            .filter(|(event, _)| *event != Event::SequenceEnd)
        {
            items.push(self.node(event, &span)?);
        }
        Ok(Content::List(items))
    }

    fn map(&mut self) -> Result<Content, PlacedFault> {
        let (mut members, mut merged): (Vec<Member>, Vec<Member>) = (Vec::new(), Vec::new());
        while let Some((event, span)) = self
            .next()?
            .filter(|(event, _)| *event != Event::MappingEnd)
        {
            let place = place(&span);
            let key = key(event, place)?;
            let Some((event, span)) = self.next()? else {
                break;
            };
            let value = self.node(event, &span)?;
            match members.iter().find(|member| member.key == key) {
                _ if key == "<<" => merged.extend(merge(value, place)?),
                None => members.push(Member { key, place, value }),
                Some(first) => {
                    let first = first.place;
                    self.duplicates
                        .push(bad(place, BadYaml::Duplicate { key, first }));
                }
            }
        }
        for member in merged {
            if !members.iter().any(|other| other.key == member.key) {
                members.push(member);
            }
        }
        Ok(Content::Map(members))
    }
}

impl Content {
    fn size(&self) -> usize {
        let inner: usize = match self {
            Content::List(items) => items
                .iter()
                .map(|item| item.size)
                .fold(0, usize::saturating_add),
            Content::Map(members) => members
                .iter()
                .map(|member| member.value.size)
                .fold(0, usize::saturating_add),
            Content::Scalar(_) => 0,
        };
        inner.saturating_add(1)
    }
}

fn key(event: Event<'_>, place: Place) -> Result<String, PlacedFault> {
    match event {
        Event::Scalar(text, _, _, _) => Ok(text.into_owned()),
        _ => Err(bad(place, BadYaml::ComplexKey)),
    }
}

/// What `<<` brings: of several sections the first that has a key decides.
fn merge(value: Node, place: Place) -> Result<Vec<Member>, PlacedFault> {
    match value.content {
        Content::List(items) => {
            let sections = items.into_iter().map(|item| match item.content {
                Content::Map(members) => Ok(members),
                Content::List(_) | Content::Scalar(_) => Err(bad(place, BadYaml::Merge)),
            });
            Ok(sections
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect())
        }
        Content::Map(members) => Ok(members),
        Content::Scalar(_) => Err(bad(place, BadYaml::Merge)),
    }
}

/// `None` for a tag that means nothing here.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Option<Value> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => None,
        Some(tag) if tag.suffix == "str" => Some(Value::String(text.to_owned())),
        None | Some(_) if style == ScalarStyle::Plain => Some(plain(text)),
        None | Some(_) => Some(Value::String(text.to_owned())),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let based = |digits: &str, radix| {
        u64::from_str_radix(digits, radix)
            .ok()
            .filter(|_| !digits.starts_with('+'))
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return based(digits, 16).map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return based(digits, 8).map(Number::from);
    }
    let looks_like_one = text
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        && text
            .trim_start_matches(['+', '-', '.'])
            .starts_with(|c: char| c.is_ascii_digit());
    if !looks_like_one {
        return None;
    }
    let whole = text
        .parse::<u64>()
        .map(Number::from)
        .or_else(|_| text.parse::<i64>().map(Number::from));
    whole
        .ok()
        .or_else(|| text.parse().ok().and_then(Number::from_f64))
}

const fn bad(place: Place, bad: BadYaml) -> PlacedFault {
    PlacedFault {
        place,
        problem: Problem::Yaml(bad),
    }
}

fn syntax(error: &ScanError) -> PlacedFault {
    let marker = error.marker();
    let place = Place {
        line: marker.line(),
        column: marker.col().saturating_add(1),
    };
    bad(place, BadYaml::Syntax(error.info().to_owned()))
}

fn place(span: &Span) -> Place {
    Place {
        line: span.start.line(),
        column: span.start.col().saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::source::parse;

    fn value(text: &str) -> serde_json::Value {
        parse(text.as_bytes()).unwrap().value
    }

    fn faults(text: &str) -> Vec<String> {
        parse(text.as_bytes())
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn plain_scalars_have_the_types_litellm_gives_them() {
        let text = "[1, -2, 0x10, 0o17, 1.5, 3e-07, .5, true, yes, Off, ~, null, '1', \"on\", !!str 7, 1.2.3, e5, 2024-05-06, +3, '-']";
        let expected = json!([
            1,
            -2,
            16,
            15,
            1.5,
            3e-07,
            0.5,
            true,
            true,
            false,
            null,
            null,
            "1",
            "on",
            "7",
            "1.2.3",
            "e5",
            "2024-05-06",
            3,
            "-"
        ]);
        assert_eq!(value(text), expected);
    }

    #[test]
    fn anchors_and_merge_keys_are_followed_and_own_keys_win() {
        let text = "base: &base {a: 1, b: 2}\nother: &other {b: 9, c: 3}\none:\n  <<: *base\n  b: 5\ntwo:\n  <<: [*base, *other]\nlist: [*base]\n";
        let all = value(text);
        assert_eq!(all["one"], json!({"b": 5, "a": 1}));
        assert_eq!(all["two"], json!({"a": 1, "b": 2, "c": 3}));
        assert_eq!(all["list"], json!([{"a": 1, "b": 2}]));
    }

    #[test]
    fn every_key_that_is_there_twice_is_told() {
        let text = "a: 1\nb:\n  c: 1\n  c: 2\na: 2\n";
        assert_eq!(
            faults(text),
            [
                "4:3: the key `c` is there twice, first at 3:3",
                "5:1: the key `a` is there twice, first at 1:1"
            ]
        );
    }

    #[test]
    fn what_is_not_yaml_says_where() {
        assert!(
            faults("a: [1\nb: 2\n")[0].starts_with("2:"),
            "{:?}",
            faults("a: [1\nb: 2\n")
        );
        assert_eq!(
            faults("a: 1\n---\nb: 1\n"),
            ["3:1: a second document: there must be one"]
        );
        assert_eq!(
            faults("a: !include other.yaml\n"),
            ["1:4: tags mean nothing here"]
        );
        assert_eq!(
            faults("<<: 1\n"),
            ["1:1: `<<` takes a section or a list of sections"]
        );
        assert_eq!(faults("? [a]\n: 1\n"), ["1:3: a key must be text"]);
    }

    #[test]
    fn a_small_file_cannot_grow_without_bound() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            text.push_str(&format!("a{n}: &a{n} [{items}]\n"));
        }
        assert!(faults(&text)[0].ends_with("more than 100000 values"));
        assert!(
            faults(&["[".repeat(100), "]".repeat(100)].concat())[0]
                .ends_with("nested deeper than 64 levels")
        );
    }

    #[test]
    fn an_empty_file_is_nothing() {
        assert_eq!(value("# only words\n"), json!(null));
    }
}
