//! A second deployment is asked because the first has not said anything: whoever has content first answers.

use std::rc::Rc;

use super::Exchange;
use super::answering::Promise;
use super::streaming::usage_so_far;
use super::trying::Launched;
use crate::api;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::relay::whole;
use crate::gateway::select::{self, Want};
use crate::gateway::{Context, book};
use crate::usage::Usage;
use crate::value::head::Head;

impl Exchange {
    /// Asks a second deployment while the first has not said anything; `None` when there is none to ask.
    pub(super) fn hedge(&mut self, first: usize, cx: &mut Context<'_>) -> Option<Effect> {
        let mut work = self.work.take()?;
        work.hedged = true;
        let tried = [work.tried.as_slice(), &[first]].concat();
        let want = Want {
            tried: &tried,
            ..work.want(false)
        };
        let possible = self.call.is_none() && select::healthy(&want, cx) > 0 && book::may_retry(cx);
        if !possible {
            self.work = Some(work);
            return None;
        }
        let (body, line) = (Rc::clone(&work.body), Rc::clone(&work.line));
        let Ok(asked) = api::client(line.format).read(&body, &line) else {
            self.work = Some(work);
            return None;
        };
        let before = core::mem::replace(&mut work.tried, tried);
        let subject = self.account.subject;
        let launched = self.launch(&mut work, &asked, cx);
        self.account.subject = subject;
        work.tried = before;
        let unused = match launched {
            Ok(Launched::Worded(second, head, body)) if second.pick.deployment != first => {
                self.count_retry(&mut work, "hedge", cx);
                return Some(self.dispatch(work, *second, head, body, cx));
            }
            Ok(Launched::Worded(second, ..)) => Some(second.pick),
            Ok(Launched::Mocked(pick, _)) => Some(pick),
            Ok(Launched::Later) | Err(_) => None,
        };
        if let Some(pick) = unused {
            book::ended(pick, cx);
        }
        self.work = Some(work);
        None
    }

    /// Another attempt was faster. Its provider charges for this one all the same: that is counted, as a guess.
    pub(super) fn lost_the_race(
        &mut self,
        attempt: Attempt,
        outcome: &'static str,
        cx: &mut Context<'_>,
    ) {
        let usage = Usage::estimated(attempt.input_tokens, 0);
        self.account.count_besides(&attempt, &usage, cx);
        self.end(attempt, outcome, cx);
    }

    /// The answer to a call came when another's was on its way to the client. What it took is what it says.
    pub(super) fn came_too_late(
        &mut self,
        mut attempt: Attempt,
        head: Option<&Head>,
        body: &[u8],
        cx: &mut Context<'_>,
    ) {
        let usage = self.took(&mut attempt, head, body, cx);
        if let Some(usage) = usage {
            self.account.count_besides(&attempt, &usage, cx);
        }
        self.end(attempt, "late", cx);
    }

    /// What an answer took that nobody will see; `None` when it is none.
    fn took(
        &self,
        attempt: &mut Attempt,
        head: Option<&Head>,
        body: &[u8],
        cx: &Context<'_>,
    ) -> Option<Usage> {
        let promise =
            head.map(|head| Promise::of(head, body.is_empty(), self.format, attempt.stream));
        let guess = Usage::estimated(attempt.input_tokens, 0);
        match promise {
            None | Some(Promise::Error | Promise::Failure(_)) => None,
            Some(Promise::Opaque) => Some(guess),
            Some(Promise::Stream) => {
                let mut relay = self.relay(attempt, cx);
                relay.push(body, true);
                Some(usage_so_far(attempt, &*relay))
            }
            Some(Promise::Flow | Promise::Whole) => {
                let wants = whole::Wants {
                    stream: attempt.stream,
                    include_usage: false,
                    voice: attempt.voice.as_deref_mut(),
                };
                let answer = whole::read(&mut attempt.reading, attempt.provider, body, wants).ok();
                answer.map(|answer| answer.usage.unwrap_or(guess))
            }
        }
    }
}
