//! An answer that comes in pieces: held until there is content, then passed on as it comes.

use super::{Exchange, State};
use crate::gateway::Context;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::relay::{Output, Relay, error_event};
use crate::usage::Usage;
use crate::value::head::Head;

impl Exchange {
    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of one state, taken apart by its caller"
    )]
    pub(super) fn open(
        &mut self,
        attempt: Attempt,
        mut head: Head,
        mut relay: Box<dyn Relay>,
        (mut out, mut same): (Vec<u8>, bool),
        bytes: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        match relay.push(bytes, last) {
            Output::Same => out.extend_from_slice(bytes),
            Output::Changed(words) => {
                out.extend(words);
                same = false;
            }
        }
        let seen = relay.seen();
        if !seen.content && !seen.complete {
            if let Some(failure) = seen.failure.clone() {
                return self.give_up(&attempt, Some(&head), failure, cx);
            }
            self.state = State::Opening {
                attempt,
                head,
                relay,
                out,
                same,
            };
            return Effect::Hold;
        }
        if seen.content {
            self.account.first_content = Some(cx.now);
        }
        self.finish_head(&mut head, &attempt, cx);
        head.remove("content-length");
        event_stream(&mut head);
        self.status = head.status().unwrap_or(200);
        let told = self.tell(&*relay, &mut out);
        same &= !told;
        self.after_chunk(attempt, relay, told, last, cx);
        Effect::Release {
            head,
            body: (!same).then_some(out),
        }
    }

    pub(super) fn stream(
        &mut self,
        attempt: Attempt,
        mut relay: Box<dyn Relay>,
        told: bool,
        bytes: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        let output = if told {
            Output::Changed(Vec::new())
        } else {
            relay.push(bytes, last)
        };
        let effect = match output {
            Output::Same => Effect::Pass,
            Output::Changed(mut out) => {
                let now_told = !told && self.tell(&*relay, &mut out);
                self.after_chunk(attempt, relay, told || now_told, last, cx);
                return Effect::Emit(out);
            }
        };
        self.after_chunk(attempt, relay, told, last, cx);
        effect
    }

    /// Appends the error event when the stream has failed; says whether it did.
    fn tell(&mut self, relay: &dyn Relay, out: &mut Vec<u8>) -> bool {
        let Some(failure) = &relay.seen().failure else {
            return false;
        };
        out.extend(error_event(failure));
        self.account.error = failure.code.clone().or_else(|| Some(failure.kind.clone()));
        true
    }

    fn after_chunk(
        &mut self,
        attempt: Attempt,
        relay: Box<dyn Relay>,
        told: bool,
        last: bool,
        cx: &mut Context<'_>,
    ) {
        let over = relay.seen().over();
        if over || last {
            self.take_usage(&attempt, &*relay);
            self.settle(cx);
        }
        if !last {
            self.state = State::Streaming {
                attempt,
                relay,
                told,
            };
        }
    }

    pub(super) fn take_usage(&mut self, attempt: &Attempt, relay: &dyn Relay) {
        let seen = relay.seen();
        self.account.tier.clone_from(&seen.tier);
        let guess = Usage::estimated(attempt.input_tokens, seen.text_tokens);
        self.account.usage = Some(match seen.usage {
            Some(usage) if seen.complete => usage,
            // Counts stated before the end are of what was asked, not of all that was answered.
            Some(usage) => Usage {
                estimated: true,
                output: usage.output.max(seen.text_tokens),
                ..usage
            },
            None => guess,
        });
    }
}

pub(super) fn event_stream(head: &mut Head) {
    head.set("content-type", "text/event-stream; charset=utf-8");
    head.set("cache-control", "no-cache");
}
