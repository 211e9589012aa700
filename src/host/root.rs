//! A configuration on one worker: it is read once, and every stream shares it.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::entropy;
use super::meters::Meters;
use super::shared::Shared;
use super::stream::Stream;
use crate::config;
use crate::config::plan::Plan;
use crate::gateway::{self, book};
use crate::state::Desk;
use crate::value::rng::Rng;

/// What the streams of one worker share.
#[derive(Debug)]
pub struct Worker {
    /// What the operator configured.
    pub plan: Rc<Plan>,
    /// What changes: borrowed for the length of one step, never across a call that may come back.
    pub own: RefCell<Own>,
}

/// What changes as streams go on.
#[derive(Debug)]
pub struct Own {
    /// What this worker keeps of the shared state.
    pub desk: Desk,
    /// Counts.
    pub meters: Meters,
    /// Chance.
    pub rng: Rng,
}

impl Worker {
    /// Has the books kept that are kept by time.
    fn tick(&self) {
        let own = &mut *self.own.borrow_mut();
        book::tick(&mut gateway::Context {
            now: super::calls::now(),
            rng: &mut own.rng,
            meter: &mut own.meters,
            plan: &self.plan,
            store: &Shared,
            desk: &mut own.desk,
        });
    }
}

/// The plugin's root context.
#[derive(Debug, Default)]
pub struct Root {
    worker: Option<Rc<Worker>>,
}

/// How often counts are handed to Envoy. A worker that dies takes this much of them with it.
const FLUSH_MS: u32 = 250;

impl Context for Root {
    fn on_done(&mut self) -> bool {
        self.flush();
        true
    }
}

impl Root {
    fn flush(&self) {
        if let Some(worker) = &self.worker {
            worker.own.borrow_mut().meters.flush();
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        match read(&bytes) {
            Ok(plan) => {
                let plan = Rc::new(plan);
                let own = Own {
                    desk: book::desk(&plan),
                    meters: Meters::new(Rc::clone(&plan)),
                    rng: entropy::rng(),
                };
                super::calls::set_tick(FLUSH_MS);
                self.worker = Some(Rc::new(Worker {
                    plan,
                    own: RefCell::new(own),
                }));
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
        if let Some(worker) = &self.worker {
            worker.tick();
        }
        self.flush();
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        let worker = self.worker.as_ref()?;
        Some(Box::new(Stream::new(Rc::clone(worker))))
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
