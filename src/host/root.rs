//! The plugin's root: it reads the configuration, and passes on what Envoy tells a worker instead of a stream.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::abi::{Buffer, Map};
use super::stream::Stream;
use super::worker::Worker;
use super::{calls, local};
use crate::config;
use crate::config::plan::Plan;
use crate::gateway::book;

/// The plugin's root context.
#[derive(Debug, Default)]
pub struct Root {
    worker: Option<Rc<Worker>>,
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        if let Some(worker) = &self.worker {
            worker.flush();
        }
        true
    }

    /// A call that was made from the timer is answered here.
    fn on_http_call_response(&mut self, token: u32, _: usize, _: usize, _: usize) {
        let Some(worker) = &self.worker else {
            return;
        };
        let fetched = worker.reactor.borrow_mut().fetched(token);
        if let Some(record) = fetched {
            let head = calls::head(Map::Call);
            let body = calls::body(Buffer::CallBody, 0, usize::MAX);
            let why = local::of_call(&head, &body);
            worker.fetched(&record, (Some(&head), &body, why));
            return;
        }
        let caller = worker.reactor.borrow_mut().caller(token);
        if let Some(stream) = caller.filter(|stream| calls::turn_to(stream.id())) {
            stream.answered();
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        match read(&bytes) {
            Ok(plan) => {
                let worker = Worker::new(plan);
                worker.reactor.borrow_mut().arm(calls::now(), true);
                self.worker = Some(Rc::new(worker));
                true
            }
            Err(faults) => {
                for fault in faults {
                    log::error!("configuration refused: {fault}");
                }
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let Some(worker) = &self.worker else {
            return;
        };
        let now = calls::now();
        let (due, works) = {
            let mut reactor = worker.reactor.borrow_mut();
            (reactor.due(now), reactor.works(now))
        };
        if works {
            // First, as long as nothing was done for a stream.
            worker.renew(now);
        }
        for core in due {
            core.wake(now);
        }
        if works {
            worker.with(now, None, book::tick);
            worker.flush();
        }
        worker.reactor.borrow_mut().arm(now, true);
    }

    fn on_queue_ready(&mut self, _queue: u32) {
        if let Some(worker) = &self.worker {
            for core in worker.called_back() {
                core.resume();
            }
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        let worker = self.worker.as_ref()?;
        Some(Box::new(Stream::new(id, Rc::clone(worker))))
    }
}

/// Reads the plugin configuration; faults are in words.
fn read(bytes: &[u8]) -> Result<Plan, Vec<String>> {
    let value = config::from_bytes(bytes).map_err(|fault| vec![fault.to_string()])?;
    let checked = config::read(&value, &|name| std::env::var(name).ok());
    match checked {
        Ok(checked) => {
            for warning in &checked.warnings {
                log::warn!("configuration: {warning}");
            }
            Ok(checked.plan)
        }
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
    }
}
