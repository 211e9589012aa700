//! From a client's request to what is needed to ask a provider, and another.

use std::rc::Rc;

use super::choosing::Choice;
use super::work::Work;
use super::{Deadline, Exchange, State, flowing};
use crate::api::chat::controls::Controls;
use crate::api::chat::needs;
use crate::api::{self, Operation};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::{Resolved, Transport};
use crate::gateway::admit::{self, Admission};
use crate::gateway::effect::Effect;
use crate::gateway::select::Needs;
use crate::gateway::{Context, attempt, book, heads, refuse};
use crate::policy::{Course, OwnChains, Start};
use crate::value::head::Head;
use crate::value::time::Timestamp;
use crate::wire::json::Members;

/// How much of a model's name, which a client can make as long as it likes, is kept for logs.
const SHOWN: usize = 200;

impl Exchange {
    /// Envoy brings a request, for the first time or again.
    pub(super) fn brought(
        &mut self,
        state: State,
        head: &Head,
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        if matches!(state, State::Foreign) {
            return self.arrived(head, last, cx);
        }
        if !matches!(state, State::Replaying { .. }) {
            self.cut_off(state, cx);
        }
        match self.work.take() {
            Some(work) if work.over => self.conclude(work, cx),
            work => {
                self.work = work;
                self.state = State::Again;
                Effect::Hold
            }
        }
    }

    fn arrived(&mut self, head: &Head, last: bool, cx: &mut Context<'_>) -> Effect {
        self.account.method = head.get(":method").unwrap_or_default().to_owned();
        let path = head.get(":path").unwrap_or_default();
        path.split('?')
            .next()
            .unwrap_or_default()
            .clone_into(&mut self.account.path);
        let admission = admit::admit(head, last, cx.plan);
        if let Admission::Foreign(effect) = admission {
            self.state = State::Foreign;
            return effect;
        }
        if is_brought_in_vain(head, cx) {
            if let Admission::Ask(line) = &admission {
                self.account.operation = Some(Operation::Ask(line.format));
                self.format = line.format;
            }
            return self.refuse(&refuse::lost(), cx);
        }
        self.account.arrived = cx.now;
        self.account.call_id = cx.rng.uuid();
        match admission {
            Admission::Answered(operation, reply) => {
                self.account.operation = Some(operation);
                self.respond(reply, cx)
            }
            Admission::Refused(operation, error) => {
                self.account.operation = Some(operation);
                self.format = admit::format(operation, head);
                self.refuse(&error, cx)
            }
            Admission::WrongMethod(operation, allow) => {
                self.format = admit::format(operation, head);
                let reply = refuse::wrong_method(&self.account.method, allow, self.format);
                self.account.operation = Some(operation);
                self.account.error = Some("method_not_allowed".to_owned());
                self.respond(reply, cx)
            }
            Admission::Ask(line) => {
                self.account.operation = Some(Operation::Ask(line.format));
                self.format = line.format;
                let client = match line.vendor {
                    Some(_) => line.headers.clone(),
                    None => heads::to_provider(head),
                };
                let said = heads::to_gateway(head);
                let line = Rc::new(line);
                if flowing::goes_at_once(&line, last) {
                    return self.ask_flowing(Vec::new(), client, &said, line, cx);
                }
                self.state = State::Asking {
                    client,
                    early: flowing::goes_early(&line),
                    line,
                    said,
                };
                Effect::Hold
            }
            Admission::Foreign(effect) => effect,
        }
    }

    pub(super) fn ask(
        &mut self,
        body: Vec<u8>,
        client: Head,
        said: &Head,
        line: Rc<Line>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if body.len() > cx.plan.max_body && !self.flows {
            return self.refuse(&refuse::too_large(cx.plan.max_body), cx);
        }
        let body = Rc::new(body);
        let read = api::client(line.format)
            .read(&body, &line)
            .and_then(|asked| Ok((controls(&asked, said)?, asked)));
        let (controls, asked) = match read {
            Ok(read) => read,
            Err(error) => return self.refuse(&error, cx),
        };
        self.account.stream = asked.stream;
        self.account.requested = asked.model.chars().take(SHOWN).collect();
        let through = line
            .vendor
            .map(|vendor| Choice::of(vendor, &asked.model, cx.plan));
        let work = match through {
            Some(Ok(choice)) => self.work_through(&asked, controls, choice, cx),
            Some(Err(error)) => Err(error),
            None => self.work(&asked, controls, cx),
        };
        match work {
            Ok(work) => {
                book::arrived(cx);
                let work = Box::new(Work {
                    body: Rc::clone(&body),
                    client,
                    line: Rc::clone(&line),
                    ..work
                });
                self.go_on(work, &asked, cx)
            }
            Err(error) => self.refuse(&error, cx),
        }
    }

    /// Envoy has brought the whole request again: the next attempt is made with it.
    pub(super) fn ask_again(&mut self, body: Vec<u8>, cx: &mut Context<'_>) -> Effect {
        let Some(mut work) = self.work.take() else {
            return self.refuse(&refuse::lost(), cx);
        };
        work.body = Rc::new(body);
        self.flows = false;
        if work.not_before > cx.now {
            self.state = State::Waiting {
                until: work.not_before,
            };
            self.work = Some(work);
            return Effect::Hold;
        }
        self.try_again(work, cx)
    }

    /// What will be needed, but for what is not read from the body.
    fn work(
        &mut self,
        asked: &Asked<'_>,
        controls: Controls,
        cx: &Context<'_>,
    ) -> Result<Work, ApiError> {
        let resolved =
            named(&asked.model, cx).ok_or_else(|| refuse::unknown_model(&asked.model))?;
        self.work_for(resolved, asked, controls, cx)
    }

    /// The same for a request in its vendor's own format, which is made but once.
    fn work_through(
        &mut self,
        asked: &Asked<'_>,
        controls: Controls,
        choice: Choice,
        cx: &mut Context<'_>,
    ) -> Result<Work, ApiError> {
        let controls = Controls {
            no_fallbacks: true,
            retries: Some(0),
            ..controls
        };
        let work = self.work_for(choice.first(cx.plan)?, asked, controls, cx)?;
        let resolved = choice.best(&work, cx)?;
        self.account.subject.group = Some(resolved.hop.group);
        let floor = cx.plan.retry_after;
        Ok(Work {
            course: Course::new(Start {
                hop: resolved.hop,
                retries: Some(0),
                chains: OwnChains::default(),
                no_fallbacks: true,
                max_fallbacks: 0,
                floor,
            }),
            needs: None,
            pinned: resolved.deployment,
            renames: choice.renames,
            ..work
        })
    }

    fn work_for(
        &mut self,
        resolved: Resolved,
        asked: &Asked<'_>,
        controls: Controls,
        cx: &Context<'_>,
    ) -> Result<Work, ApiError> {
        let Resolved { hop, deployment } = resolved;
        self.account.subject.group = Some(hop.group);
        self.deadline = deadline(&controls, self.account.arrived, cx);
        let start = Start {
            hop,
            retries: controls.retries,
            chains: own_chains(&controls, cx)?,
            no_fallbacks: controls.no_fallbacks,
            max_fallbacks: cx.plan.max_fallbacks,
            floor: cx.plan.retry_after,
        };
        Ok(Work {
            body: Rc::default(),
            client: Head::default(),
            course: Course::new(start),
            deadline: self.deadline.map(|deadline| deadline.at),
            // What has gone on without being kept cannot be sent a second time.
            hedged: self.flows || asked.format == Format::Passthrough,
            input_tokens: attempt::input_tokens(asked),
            last: None,
            line: Rc::new(Line::of(asked.format)),
            needs: cx.plan.pre_call_checks.then(|| needs_of(&asked.members)),
            not_before: Timestamp::default(),
            over: false,
            pinned: deployment,
            renames: false,
            retrying: false,
            tried: Vec::new(),
            waits_since: None,
            controls,
        })
    }
}

/// What the client says to the gateway. The members of a vendor's own format are all the vendor's.
fn controls(asked: &Asked<'_>, said: &Head) -> Result<Controls, ApiError> {
    if asked.format == Format::Passthrough {
        let bare = Asked {
            members: Members::default(),
            ..asked.clone()
        };
        return Controls::read(&bare, said);
    }
    Controls::read(asked, said)
}

/// Whether Envoy has brought this request several times and nobody remembers it: it costs a worker its machine each time.
fn is_brought_in_vain(head: &Head, cx: &Context<'_>) -> bool {
    const ENOUGH: u32 = 3;
    let times = head.get("x-envoy-attempt-count");
    let times = times.and_then(|times| times.parse::<u32>().ok());
    cx.plan.transport == Transport::Envoy && times.is_some_and(|times| times >= ENOUGH)
}

/// The operator's time limit or the client's, whichever ends first.
fn deadline(controls: &Controls, arrived: Timestamp, cx: &Context<'_>) -> Option<Deadline> {
    let until = |limit| attempt::until(arrived, limit);
    let ours = until(cx.plan.timeout).map(|at| Deadline {
        at,
        by_client: false,
    });
    let theirs = until(controls.timeout).map(|at| Deadline {
        at,
        by_client: true,
    });
    ours.into_iter().chain(theirs).min_by_key(|limit| limit.at)
}

/// The group or deployment of that name; for a name nobody knows, the first of the default fallbacks.
fn named(model: &str, cx: &Context<'_>) -> Option<Resolved> {
    cx.plan.resolve(model).or_else(|| {
        let hop = cx.plan.default_fallbacks.first()?.clone();
        Some(Resolved {
            hop,
            deployment: None,
        })
    })
}

/// The fallbacks the client names, where it does: they count in place of the configured ones.
fn own_chains(controls: &Controls, cx: &Context<'_>) -> Result<OwnChains, ApiError> {
    let hops = |names: &Option<Vec<String>>| {
        let hop = |name: &String| {
            let named = named(name, cx).ok_or_else(|| refuse::unknown_model(name))?;
            Ok(named.hop)
        };
        let names = names.as_ref();
        names
            .map(|names| names.iter().map(hop).collect())
            .transpose()
    };
    Ok(OwnChains {
        content_policy: hops(&controls.content_policy_fallbacks)?,
        context_window: hops(&controls.context_window_fallbacks)?,
        general: hops(&controls.fallbacks)?,
    })
}

/// What a deployment must be able to do.
fn needs_of(members: &Members<'_>) -> Needs {
    Needs {
        schema: needs::schema(members),
        tools: needs::tools(members),
        vision: needs::vision(members),
    }
}
