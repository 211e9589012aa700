//! What the stand-in says, independent of the format it is said in.
//!
//! Token counts are made up but consistent: a prompt has one token per four bytes of its messages, a quarter
//! of it was cached, a completion has one per word, and thinking costs eight more.

use serde_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::sample;

/// The usual answer: several bytes to a character, and an emoji outside the basic plane.
pub const GREETING: &str = "你好 from the stand-in 🦀";
const THOUGHT: &str = "Let me think: žluť 🤔";
const THINKING_TOKENS: u64 = 8;

/// What a request asks for, whatever its format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// How many answers.
    pub choices: u64,
    /// How many images it shows.
    pub images: usize,
    /// Size of the messages.
    pub input_bytes: usize,
    /// The schema of the JSON asked for; `Null` is any JSON.
    pub json: Option<Value>,
    /// The most tokens it wants.
    pub limit: Option<u64>,
    /// The model.
    pub model: String,
    /// At most one tool call in the answer.
    pub one_call: bool,
    /// Tokens it asks to be written to the cache.
    pub cache_writes: bool,
    /// Results of tools, if that is what it ends with.
    pub results: Vec<String>,
    /// Thoughts are to be shown.
    pub thinking: bool,
    /// Thoughts come as a signature without words.
    pub thoughts_hidden: bool,
    /// The tools that may be called; empty once results are in.
    pub tools: Vec<Tool>,
}

/// A tool the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The schema of its arguments.
    pub schema: Value,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Tools to call.
    pub calls: Vec<Call>,
    /// How many times to say it.
    pub choices: u64,
    /// Why it ends.
    pub finish: Finish,
    /// The model, as asked for.
    pub model: String,
    /// The text in the pieces a stream sends it in; empty if tools are called.
    pub text: Vec<String>,
    /// What it thought first.
    pub thought: Option<&'static str>,
    /// What it cost.
    pub usage: Usage,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The arguments, an object.
    pub arguments: Value,
    /// Unique in the answer.
    pub id: String,
    /// The tool's name.
    pub name: String,
}

impl Call {
    /// The arguments as JSON text in two parts, as a stream sends them.
    pub fn halves(&self) -> [String; 2] {
        let text: Vec<char> = self.arguments.to_string().chars().collect();
        let (head, tail) = text.split_at(text.len() / 2);
        [head, tail].map(|half| half.iter().collect())
    }
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finish {
    /// The limit was reached.
    Length,
    /// All was said.
    Stop,
    /// Tools are to be called.
    ToolCalls,
}

/// Tokens of a request and its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Of the prompt, read from the cache.
    pub cached: u64,
    /// Of the answer, thinking included.
    pub completion: u64,
    /// The whole prompt.
    pub prompt: u64,
    /// Of the answer, for thinking.
    pub reasoning: u64,
    /// Of the prompt, written to the cache.
    pub written: u64,
}

impl Answer {
    /// The answer to `prompt`.
    pub fn to(prompt: &Prompt, behaviour: &Behaviour) -> Self {
        let calls = calls(prompt);
        let mut finish = if calls.is_empty() {
            Finish::Stop
        } else {
            Finish::ToolCalls
        };
        let mut text = if calls.is_empty() {
            text(prompt, behaviour)
        } else {
            Vec::new()
        };
        let limit = prompt
            .limit
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(usize::MAX);
        if text.len() > limit && behaviour.chunks.is_none() {
            text.truncate(limit);
            finish = Finish::Length;
        }
        let usage = usage(
            prompt,
            calls.len().saturating_mul(10).saturating_add(text.len()),
        );
        let thought = if prompt.thoughts_hidden { "" } else { THOUGHT };
        let thought = prompt.thinking.then_some(thought);
        Self {
            calls,
            choices: prompt.choices,
            finish,
            model: prompt.model.clone(),
            text,
            thought,
            usage,
        }
    }

    /// The whole text.
    pub fn whole(&self) -> String {
        self.text.concat()
    }
}

/// Two calls in one answer, of two tools or twice of the only one.
fn calls(prompt: &Prompt) -> Vec<Call> {
    let tools = prompt
        .tools
        .iter()
        .cycle()
        .take(if prompt.one_call { 1 } else { 2 });
    let words = ["Oslo", "Rome"].into_iter().enumerate();
    tools
        .zip(words)
        .map(|(tool, (index, word))| Call {
            arguments: match sample::fitting(&tool.schema, word) {
                arguments @ Value::Object(_) => arguments,
                _ => json!({}),
            },
            id: format!(
                "toolu_{}_{index}",
                tool.name.chars().take(20).collect::<String>()
            ),
            name: tool.name.clone(),
        })
        .collect()
}

fn text(prompt: &Prompt, behaviour: &Behaviour) -> Vec<String> {
    if behaviour.chunks.is_some() || behaviour.chunk_bytes.is_some() {
        let size = behaviour.chunk_bytes.unwrap_or(20);
        return vec![filler(size); behaviour.chunks.unwrap_or(1)];
    }
    let text = match &prompt.json {
        Some(schema) if schema.is_object() => sample::fitting(schema, GREETING).to_string(),
        Some(_) => json!({"answer": GREETING}).to_string(),
        None if !prompt.results.is_empty() => {
            format!("The tools said: {} 🦀", prompt.results.join("; "))
        }
        None if prompt.images > 0 => format!("I saw {} image(s) 🦀", prompt.images),
        None => GREETING.to_owned(),
    };
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// `size` bytes of text with characters of every length.
fn filler(size: usize) -> String {
    let mut text = String::with_capacity(size);
    for next in "žluť 🦀 stand-in ".chars().cycle() {
        let left = size.saturating_sub(text.len());
        if left == 0 {
            break;
        }
        text.push(if next.len_utf8() <= left { next } else { 'x' });
    }
    text
}

fn usage(prompt: &Prompt, answered: usize) -> Usage {
    let input = u64::try_from(prompt.input_bytes.div_ceil(4)).unwrap_or(u64::MAX);
    let reasoning = if prompt.thinking { THINKING_TOKENS } else { 0 };
    let answered = u64::try_from(answered)
        .unwrap_or(u64::MAX)
        .saturating_mul(prompt.choices.max(1));
    Usage {
        cached: input / 4,
        completion: answered.saturating_add(reasoning),
        prompt: input,
        reasoning,
        written: if prompt.cache_writes { input / 8 } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt() -> Prompt {
        Prompt {
            choices: 1,
            input_bytes: 80,
            model: "m".into(),
            ..Prompt::default()
        }
    }

    #[test]
    fn the_only_tool_is_called_twice_with_different_arguments() {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let tools = vec![Tool {
            name: "wx".into(),
            schema,
        }];
        let answer = Answer::to(&Prompt { tools, ..prompt() }, &Behaviour::default());
        let cities: Vec<_> = answer
            .calls
            .iter()
            .map(|call| call.arguments["city"].clone())
            .collect();
        assert_eq!(cities, ["Oslo", "Rome"]);
    }

    #[test]
    fn an_answer_over_the_limit_is_cut_and_says_so() {
        let answer = Answer::to(
            &Prompt {
                limit: Some(2),
                ..prompt()
            },
            &Behaviour::default(),
        );
        assert_eq!(
            (answer.whole().as_str(), answer.finish),
            ("你好 from ", Finish::Length)
        );
    }

    #[test]
    fn chunks_have_exactly_the_size_asked_for() {
        let behaviour = Behaviour {
            chunks: Some(3),
            chunk_bytes: Some(33),
            ..Behaviour::default()
        };
        let answer = Answer::to(&prompt(), &behaviour);
        assert_eq!(
            answer.text.iter().map(String::len).collect::<Vec<_>>(),
            [33, 33, 33]
        );
    }

    #[test]
    fn a_quarter_of_the_prompt_was_cached() {
        let usage = Answer::to(&prompt(), &Behaviour::default()).usage;
        assert_eq!((usage.prompt, usage.cached, usage.completion), (20, 5, 5));
    }
}
