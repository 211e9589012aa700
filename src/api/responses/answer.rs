//! The response object: what has become of a request so far.

use super::echo::repeated;
use super::item::{Item, usage};
use crate::api::Wish;
use crate::canonical::answer::FinishReason;
use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::usage::Usage;
use crate::wire::json::Object;

/// What is the same in every response object of one answer.
#[derive(Debug)]
pub(super) struct Frame {
    pub created: u64,
    /// What ids have in common.
    pub id: String,
    pub model: String,
    repeated: Vec<u8>,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'s> {
    Done(Option<FinishReason>),
    Failed(&'s ApiError),
    Running,
}

impl Frame {
    /// For an answer to that request.
    pub fn new(asked: &Asked<'_>, wish: &Wish<'_>) -> Self {
        Self {
            created: wish.created,
            id: bare(wish.id).to_owned(),
            model: wish.model.to_owned(),
            repeated: repeated(&asked.members),
        }
    }

    /// What the vendor says of itself counts.
    pub fn begin(&mut self, id: Option<&str>, model: Option<&str>) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if let Some(id) = id
            .map(bare)
            .filter(|id| !id.is_empty() && id.bytes().all(plain))
        {
            self.id = id.to_owned();
        }
        if let Some(model) = model {
            self.model = model.to_owned();
        }
    }

    /// Writes the object.
    pub fn write(
        &self,
        state: State<'_>,
        items: &[Item],
        taken: Option<&Usage>,
        out: &mut Object<'_>,
    ) {
        out.string("id", &format!("resp_{}", self.id));
        out.raw("object", b"\"response\"");
        out.number("created_at", self.created);
        out.string("status", state.status());
        out.raw("background", b"false");
        match state {
            State::Failed(failure) => out.object("error", |error| {
                error.string("code", code(failure));
                error.string("message", &failure.message);
            }),
            State::Done(_) | State::Running => out.raw("error", b"null"),
        }
        match state.lack() {
            Some(reason) => out.object("incomplete_details", |details| {
                details.string("reason", reason);
            }),
            None => out.raw("incomplete_details", b"null"),
        }
        out.raw("instructions", &self.repeated);
        out.string("model", &self.model);
        let is_last = |index: usize| index.saturating_add(1) == items.len();
        out.array("output", |list| {
            for (index, item) in items.iter().enumerate() {
                let status = if is_last(index) {
                    state.of_item()
                } else {
                    "completed"
                };
                list.object(|object| item.write(status, object));
            }
        });
        match taken {
            Some(taken) => out.object("usage", |object| usage(object, taken)),
            None => out.raw("usage", b"null"),
        }
    }
}

impl State<'_> {
    /// OpenAI's word for it.
    pub fn status(self) -> &'static str {
        match self {
            Self::Done(_) if self.lack().is_some() => "incomplete",
            Self::Done(_) => "completed",
            Self::Failed(_) => "failed",
            Self::Running => "in_progress",
        }
    }

    /// OpenAI's word for how far its last item has come.
    pub fn of_item(self) -> &'static str {
        match self {
            Self::Done(_) if self.lack().is_none() => "completed",
            Self::Done(_) | Self::Failed(_) => "incomplete",
            Self::Running => "in_progress",
        }
    }

    /// Why the answer is not whole.
    fn lack(self) -> Option<&'static str> {
        match self {
            Self::Done(Some(FinishReason::ContentFilter)) => Some("content_filter"),
            Self::Done(Some(FinishReason::Length)) => Some("max_output_tokens"),
            Self::Done(Some(FinishReason::Stop | FinishReason::ToolCalls) | None)
            | Self::Failed(_)
            | Self::Running => None,
        }
    }
}

/// OpenAI's code for a failure inside a response.
fn code(failure: &ApiError) -> &'static str {
    match failure.class {
        Class::Quota | Class::RateLimit => "rate_limit_exceeded",
        Class::BadRequest | Class::ContentFilter | Class::ContextLength => "invalid_prompt",
        Class::Auth
        | Class::Connection
        | Class::Malformed
        | Class::NotFound
        | Class::Overloaded
        | Class::Permission
        | Class::Server
        | Class::Timeout
        | Class::TooLarge
        | Class::Truncated => "server_error",
    }
}

/// An id without what it begins with elsewhere.
fn bare(id: &str) -> &str {
    ["chatcmpl-", "msg_", "resp_"]
        .iter()
        .find_map(|start| id.strip_prefix(start))
        .unwrap_or(id)
}
