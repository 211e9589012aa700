//! What a vendor is known to refuse, and what it wants instead: as data.

/// What a vendor is known to refuse, and what it wants instead.
#[derive(Clone, Copy, Debug)]
pub struct Quirks {
    /// How it reports what it says.
    pub answers: Answers,
    /// Members it refuses and nobody misses.
    pub drop: &'static [&'static str],
    /// How it is told how hard to think.
    pub effort: Effort,
    /// Whose models it has: some refuse more than the vendor does.
    pub family: Family,
    /// What its messages must be like.
    pub messages: Messages,
    /// Members it refuses that change the answer, and the value with which they ask for nothing.
    pub refuse: &'static [(&'static str, &'static str)],
    /// Members it knows by another name: (OpenAI's, its own).
    pub rename: &'static [(&'static str, &'static str)],
    /// Which answers in JSON it can be made to give.
    pub schema: Schema,
    /// Whether it takes `stream_options.include_usage`. Without, it sends usage unasked.
    pub stream_options: bool,
    /// What its tools must be like.
    pub tools: Tools,
}

/// How a vendor reports what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// In OpenAI's format.
    Openai,
    /// With content in parts, reasoning among them: it is read and worded anew.
    Parts,
}

/// How a vendor is told how hard to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// `enable_thinking` (Qwen): only off needs another word.
    EnableThinking,
    /// `reasoning_effort`, as OpenAI has it.
    Native,
    /// `thinking` is on or off.
    Thinking,
    /// `reasoning_effort` without OpenAI's `max`.
    Xhigh,
}

/// Whose models a vendor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// xAI's.
    Grok,
    /// Moonshot's.
    Kimi,
    /// OpenAI's.
    Openai,
    /// Many.
    Other,
}

/// What the messages must be like.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    /// Whether it knows `cache_control`.
    pub cache_control: bool,
    /// Whether it knows the role `developer`; else it is told `system`.
    pub developer: bool,
    /// Members it refuses. A tool's message keeps its `name`.
    pub drop: &'static [&'static str],
    /// Whether content that is all text must be a string.
    pub flatten: bool,
    /// Whether it wants the reasoning of earlier turns.
    pub replay: Replay,
    /// How strict it is.
    pub strict: Strict,
}

/// How strict a vendor is about messages, each one also in what the ones before are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strict {
    /// It passes over what it does not know.
    Lenient,
    /// It must not see what others have signed.
    Signed,
    /// Nor a `null`.
    Nulls,
    /// Nor ids, turns and parts as OpenAI has them.
    Mistral,
}

/// What becomes of the reasoning of earlier turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Every answer must have some while the model thinks, and none may while it does not.
    Always,
    /// It goes along where the client sends it.
    Keep,
    /// It is left out.
    Strip,
    /// Answers with calls must have some while the model thinks.
    WithCalls,
}

/// Which answers in JSON a vendor can be made to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// JSON, and by a schema.
    Any,
    /// By a schema; any JSON has one, too.
    Typed,
    /// JSON; a schema is told in words.
    Untyped,
}

/// What the tools must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tools {
    /// As OpenAI has them.
    Native,
    /// `tool_choice: "required"` is called `any`, and tools exclude a `response_format`.
    Fireworks,
    /// Without `strict`, `additionalProperties: false` and references in their schemas.
    Mistral,
    /// `tool_choice: "required"` must be said in words.
    Moonshot,
    /// Without `strict`.
    Xai,
}
