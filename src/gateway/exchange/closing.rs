//! How an exchange ends, and what can still be counted of one that ended early.

use super::{Exchange, LEFT_STATUS, State};
use crate::canonical::error::ApiError;
use crate::config::plan::Transport;
use crate::gateway::effect::Effect;
use crate::gateway::event::Local;
use crate::gateway::settle::CLIENT_LEFT;
use crate::gateway::{Context, refuse};
use crate::usage::Usage;

impl Exchange {
    /// A stream of Envoy's that brought the request is over.
    pub(super) fn closed(
        &mut self,
        state: State,
        status: Option<u16>,
        details: &str,
        cx: &mut Context<'_>,
    ) -> Effect {
        if self.is_to_be_brought_again(&state, details, cx) {
            if matches!(state, State::Replaying { .. }) {
                self.state = state;
            } else {
                self.cut_off(state, cx);
            }
            return Effect::Pass;
        }
        if !self.settled && self.is_ours() {
            // Envoy names the status of an answer that is held, too, which a client that left has not seen.
            let told = status.filter(|_| why(details) != CLIENT_LEFT);
            if self.status == LEFT_STATUS {
                self.status = told.unwrap_or(LEFT_STATUS);
            }
            self.broken_off(state, details, cx);
        } else if let Some(attempt) = state.into_attempt() {
            self.end(attempt, "ok", cx);
        }
        if let Some(call) = self.call.take() {
            self.lost_the_race(call, "left", cx);
        }
        self.settle(cx);
        self.account.close(details, cx);
        Effect::Pass
    }

    /// Whether Envoy answers this end by bringing the request again: not when it is the client who left, and not when the answer has
    /// begun.
    fn is_to_be_brought_again(&self, state: &State, details: &str, cx: &Context<'_>) -> bool {
        let waits = matches!(state, State::Replaying { .. });
        let is_held = matches!(state, State::Calling | State::Waiting { .. });
        let cut = (is_held || state.attempt().is_some()) && why(details) != CLIENT_LEFT;
        cx.plan.transport == Transport::Envoy && !self.settled && (waits || cut)
    }

    /// Envoy has not brought the request again: its client must have left.
    pub(super) fn forgotten(&mut self, cx: &mut Context<'_>) -> Effect {
        self.account.error = Some(CLIENT_LEFT.to_owned());
        self.settle(cx);
        self.state = State::Answered;
        self.account.close("", cx);
        Effect::Pass
    }

    /// What can still be counted of an exchange that ended before its answer was complete, and why.
    fn broken_off(&mut self, state: State, details: &str, cx: &mut Context<'_>) {
        let why = why(details);
        let attempt = match state {
            State::Opening(opening) => {
                self.take_usage(&opening.attempt, &*opening.relay);
                opening.attempt
            }
            State::Streaming(streaming) => {
                self.take_usage(&streaming.attempt, &*streaming.relay);
                streaming.attempt
            }
            // The provider has the prompt and will charge for it.
            State::Sent { attempt } | State::Whole { attempt, .. } => {
                self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
                attempt
            }
            State::Opaque { attempt } if details.is_empty() || details == "via_upstream" => {
                return self.good(attempt, None, cx);
            }
            State::Failing { attempt, .. } | State::Opaque { attempt } => attempt,
            State::Again
            | State::Answered
            | State::Asking { .. }
            | State::Calling
            | State::Continuing(_)
            | State::Draining { .. }
            | State::Foreign
            | State::Replaying { .. }
            | State::Waiting { .. } => {
                self.account.error = Some(why.to_owned());
                return;
            }
        };
        self.account.error = Some(why.to_owned());
        if why == CLIENT_LEFT {
            self.end(attempt, why, cx);
        } else {
            self.failed_late(attempt, interrupted(why), cx);
            self.account.error = Some(why.to_owned());
        }
    }
}

fn interrupted(why: &str) -> ApiError {
    refuse::local(match why {
        "upstream_timeout" => Local::Timeout,
        _ => Local::Reset,
    })
}

/// Why an exchange ended early, by Envoy's response code details. It has none of its own for a
/// client that leaves before it was answered.
fn why(details: &str) -> &'static str {
    match details {
        _ if details.contains("timeout") => "upstream_timeout",
        _ if details.contains("payload_too_large") => "upstream_too_large",
        _ if details.contains("upstream") && !details.starts_with("downstream") => "upstream_reset",
        _ => CLIENT_LEFT,
    }
}
