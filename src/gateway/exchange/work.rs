//! What must be kept of a request to try it again elsewhere.

use std::rc::Rc;

use crate::api::chat::controls::Controls;
use crate::canonical::asked::Line;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::Plan;
use crate::gateway::effect::Reply;
use crate::gateway::select::{Needs, Want};
use crate::gateway::settle::Tried;
use crate::gateway::{heads, refuse};
use crate::policy::Course;
use crate::value::head::Head;
use crate::value::secret::Secret;
use crate::value::time::Timestamp;

/// A request, and how far it has come.
#[derive(Debug)]
pub(super) struct Work {
    /// The client's body.
    pub body: Rc<Vec<u8>>,
    /// The client's head, as far as providers may see it.
    pub client: Head,
    /// What the client says about trying again.
    pub controls: Controls,
    /// Retries and fallbacks so far.
    pub course: Course,
    /// When it must be over.
    pub deadline: Option<Timestamp>,
    /// Whether a second deployment was asked because the first had not said anything.
    pub hedged: bool,
    /// About how many tokens the prompt has.
    pub input_tokens: u64,
    /// What the client is told if nothing else works.
    pub last: Option<Told>,
    /// What it says besides its body.
    pub line: Rc<Line>,
    /// What a deployment must be able to do, once somebody wants to know.
    pub needs: Option<Needs>,
    /// When the next attempt may be made.
    pub not_before: Timestamp,
    /// Whether nothing more is tried: the client is told when Envoy brings the request again.
    pub over: bool,
    /// The deployment the request names in place of a group.
    pub pinned: Option<usize>,
    /// Whether the model the client names is a group's name, in place of which the vendor is told its own. Other requests always are
    /// told so.
    pub renames: bool,
    /// Whether it counts among those that are being tried again.
    pub retrying: bool,
    /// Deployments of the current group that were tried in vain.
    pub tried: Vec<usize>,
    /// Since when it waits for an access token.
    pub waits_since: Option<Timestamp>,
}

/// A failure, as the client would be told of it: without any secret.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub error: ApiError,
    /// Fields of the provider's head that help with it.
    pub headers: Vec<(String, String)>,
}

impl Work {
    /// What is wanted of a deployment now.
    pub fn want(&self, stream: bool) -> Want<'_> {
        Want {
            group: self.course.hop().group,
            model: &self.course.hop().model,
            tags: &self.controls.tags,
            stream,
            input_tokens: self.input_tokens,
            max_tokens: self.controls.max_output,
            must_fit: self.has_fallen_back(),
            needs: self.needs.unwrap_or_default(),
            tried: &self.tried,
            pinned: self.pinned,
        }
    }

    /// Whether it has left the model the client asked for.
    pub fn has_fallen_back(&self) -> bool {
        self.course.fallbacks() > 0
    }
}

impl Told {
    /// A failure of a provider's.
    pub fn of(error: ApiError, head: Option<&Head>, secrets: &[&Secret]) -> Self {
        let exposed: Vec<&str> = secrets.iter().map(|secret| secret.expose()).collect();
        Self {
            error: error.redacted(&exposed),
            headers: head.map_or_else(Vec::new, |head| heads::on_error(head, secrets)),
        }
    }

    /// A failure of our own.
    pub const fn ours(error: ApiError) -> Self {
        Self {
            error,
            headers: Vec::new(),
        }
    }

    /// The same, with what was tried in its words, if it was more than one attempt.
    pub fn listing(mut self, attempts: &[Tried], plan: &Plan) -> Self {
        if attempts.len() > 1 {
            let tries: Vec<String> = attempts.iter().map(|tried| tried.words(plan)).collect();
            self.error.message = format!("{} (attempts: {})", self.error.message, tries.join("; "));
        }
        self
    }

    /// The reply that tells a client of it.
    pub fn reply(&self, format: Format) -> Reply {
        let mut reply = refuse::reply(&self.error, format);
        for (name, value) in &self.headers {
            if !reply.headers.iter().any(|(other, _)| other == name) {
                reply.headers.push((name.clone().into(), value.clone()));
            }
        }
        reply
    }
}
