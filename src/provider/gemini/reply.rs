//! What the request has decided about how its answer reads.

/// Made with the request, kept with the decoder of its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// Tools sent under another name: the name sent, then the client's.
    pub renamed: Vec<(String, String)>,
    /// Whether Google may say where it found something: the places are counted in the text so far.
    pub searches: bool,
}

impl Reply {
    /// The client's name for a tool.
    pub fn name_of<'a>(&'a self, sent: &'a str) -> &'a str {
        let renamed = self.renamed.iter().find(|(safe, _)| safe == sent);
        renamed.map_or(sent, |(_, original)| original)
    }
}
