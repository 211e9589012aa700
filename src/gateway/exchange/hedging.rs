//! A second deployment is asked because the first has not said anything: whoever has content first answers.

use std::borrow::Cow;
use std::rc::Rc;

use super::Exchange;
use super::trying::Launched;
use crate::api::chat;
use crate::gateway::effect::Effect;
use crate::gateway::{Context, book, select};

impl Exchange {
    /// Asks a second deployment while the first has not said anything; `None` when there is none to ask.
    pub(super) fn hedge(&mut self, first: usize, cx: &mut Context<'_>) -> Option<Effect> {
        let mut work = self.work.take()?;
        work.hedged = true;
        let group = work.course.hop().group;
        let tried = [work.tried.as_slice(), &[first]].concat();
        let possible =
            self.call.is_none() && select::healthy(group, &tried, cx) > 0 && book::may_retry(cx);
        if !possible {
            self.work = Some(work);
            return None;
        }
        let (body, model) = (Rc::clone(&work.body), work.model.clone());
        let Ok(request) = chat::read(&body, model.as_deref().map(Cow::Borrowed)) else {
            self.work = Some(work);
            return None;
        };
        let before = core::mem::replace(&mut work.tried, tried);
        let subject = self.account.subject;
        let launched = self.launch(&mut work, &request, cx);
        self.account.subject = subject;
        work.tried = before;
        match launched {
            Ok(Launched::Worded(second, head, body)) if second.pick.deployment != first => {
                self.count_retry(&mut work, "hedge", cx);
                Some(self.dispatch(work, *second, head, body, cx))
            }
            Ok(Launched::Mocked(pick, _)) => {
                book::ended(pick, cx);
                self.work = Some(work);
                None
            }
            Ok(Launched::Worded(second, ..)) => {
                book::ended(second.pick, cx);
                self.work = Some(work);
                None
            }
            Err(_) => {
                self.work = Some(work);
                None
            }
        }
    }
}
