//! What the request has decided about how its answer reads.

/// Made with the request, kept with the decoder of its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::provider) struct Reply {
    /// What the text of the answer is.
    pub form: Form,
    /// Tools sent under another name: the name sent, then the client's.
    pub renamed: Vec<(String, String)>,
}

/// What the text of an answer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::provider) enum Form {
    /// JSON that was asked for in words: a fence around it is not part of it.
    Fenced,
    /// The input of the forced tool of this name.
    Tool(String),
    /// Text.
    #[default]
    Words,
}

impl Reply {
    /// The client's name for a tool.
    pub fn name_of<'a>(&'a self, sent: &'a str) -> &'a str {
        let renamed = self.renamed.iter().find(|(safe, _)| safe == sent);
        renamed.map_or(sent, |(_, original)| original)
    }

    /// Whether the tool stands for the answer's text.
    pub fn is_form(&self, sent: &str) -> bool {
        matches!(&self.form, Form::Tool(name) if name == sent)
    }
}
