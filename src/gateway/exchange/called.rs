//! The answer to a call of the gateway's own: another try, or a hedge. It comes whole.

use super::answering::{Complete, Promise};
use super::{Exchange, State, streaming};
use crate::canonical::error::ApiError;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::{Effect, Reply};
use crate::gateway::event::Local;
use crate::gateway::relay::{Output, cut_short, malformed};
use crate::gateway::{Context, book, refuse};
use crate::value::head::Head;

impl Exchange {
    pub(super) fn called(
        &mut self,
        head: Option<&Head>,
        body: &[u8],
        local: Option<Local>,
        cx: &mut Context<'_>,
    ) -> Effect {
        let Some(mut attempt) = self.call.take() else {
            return Effect::Pass;
        };
        if let State::Continuing(_) = self.state {
            return self.continued(attempt, (head, body, local), cx);
        }
        if self.is_being_answered() {
            self.came_too_late(attempt, head, body, cx);
            return Effect::Pass;
        }
        match self.judged(&mut attempt, (head, body, local), cx) {
            Ok(complete) => self.replace(attempt, complete, cx),
            Err(error) => self.call_failed(attempt, head, error, cx),
        }
    }

    /// Whether the first upstream's answer is on its way to the client.
    const fn is_being_answered(&self) -> bool {
        matches!(
            self.state,
            State::Answered | State::Draining { .. } | State::Opaque { .. } | State::Streaming(_)
        )
    }

    /// The call's answer goes to the client; what the first upstream would still say is of no use.
    fn replace(&mut self, attempt: Attempt, complete: Complete, cx: &mut Context<'_>) -> Effect {
        let state = core::mem::replace(&mut self.state, State::Answered);
        if let Some(first) = state.into_attempt() {
            self.lost_the_race(first, "hedged", cx);
        }
        if attempt.stream {
            self.account.first_content = Some(cx.now);
        }
        self.good(attempt, None, cx);
        let Complete { body, mut head } = complete;
        let status = head.status().unwrap_or(200);
        self.status = status;
        self.settle(cx);
        head.retain(|name, _| !name.starts_with(b":") && name != b"content-length");
        let headers = head
            .iter()
            .filter_map(|(name, value)| {
                let value = core::str::from_utf8(value).ok()?;
                Some((name.to_owned().into(), value.to_owned()))
            })
            .collect();
        Effect::Respond(Reply {
            status,
            headers,
            body: body.unwrap_or_default(),
        })
    }

    fn call_failed(
        &mut self,
        attempt: Attempt,
        head: Option<&Head>,
        error: ApiError,
        cx: &mut Context<'_>,
    ) -> Effect {
        if matches!(self.state, State::Calling) {
            return self.attempt_failed(attempt, head, error, cx);
        }
        // The first upstream was only hedged, and goes on.
        let failure = crate::policy::Failure::of(&error, head, cx.now);
        let index = attempt.pick.deployment;
        book::failed(&attempt.pick, &failure, cx);
        self.end(attempt, failure.class.name(), cx);
        if let Some(work) = &mut self.work {
            work.tried.push(index);
        }
        Effect::Pass
    }

    /// Reads what came: a complete answer for the client, or why it is none.
    pub(super) fn judged(
        &mut self,
        attempt: &mut Attempt,
        (head, body, local): (Option<&Head>, &[u8], Option<Local>),
        cx: &mut Context<'_>,
    ) -> Result<Complete, ApiError> {
        let (Some(head), None) = (head, local) else {
            return Err(refuse::local(local.unwrap_or(Local::Reset)));
        };
        match Promise::of(head, body.is_empty(), self.format, attempt.stream) {
            Promise::Error => Err(ApiError::answered(attempt.provider, head, body)),
            Promise::Failure(error) => Err(error),
            Promise::Opaque => Err(malformed("it is compressed")),
            Promise::Stream => self.streamed(attempt, head.clone(), body, cx),
            Promise::Flow | Promise::Whole => {
                let mut complete = self.complete(attempt, head.clone(), body, cx)?;
                complete.body.get_or_insert_with(|| body.to_vec());
                Ok(complete)
            }
        }
    }

    /// A stream that came whole: nothing of it was sent, so wherever it broke off, it can be tried again.
    fn streamed(
        &mut self,
        attempt: &mut Attempt,
        mut head: Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Result<Complete, ApiError> {
        let mut relay = self.relay(attempt, cx);
        let out = match relay.push(body, true) {
            Output::Changed(out) => out,
            Output::Same => body.to_vec(),
        };
        let seen = relay.seen();
        if let Some(failure) = seen.failure.clone() {
            return Err(failure);
        }
        if !seen.complete {
            return Err(cut_short());
        }
        if !seen.content && seen.withheld && self.minds_withheld_content(cx) {
            return Err(refuse::withheld());
        }
        self.take_usage(attempt, &*relay);
        self.released(attempt, &mut head, cx);
        streaming::event_stream(&mut head, relay.media_type());
        Ok(Complete {
            body: Some(out),
            head,
        })
    }
}
