//! The half of the module where clients connect when Envoy does the retrying: it numbers requests and gives the access log its
//! facts. It has a machine of its own, so that a trap of the gateway's ends no request that can still be tried again.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

use super::abi::Map;
use super::calls;
use super::entropy;
use super::shared::Shared;
use crate::gateway::transport::{self, ExchangeId, Slots};

/// The plugin's root context.
#[derive(Debug)]
pub struct Root {
    slots: Rc<RefCell<Slots>>,
}

impl Default for Root {
    fn default() -> Self {
        let slots = Slots::new(entropy::rng().bits());
        Self {
            slots: Rc::new(RefCell::new(slots)),
        }
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream {
            id: None,
            slots: Rc::clone(&self.slots),
        }))
    }
}

/// A client's request, over all its attempts.
#[derive(Debug)]
struct Stream {
    id: Option<ExchangeId>,
    slots: Rc<RefCell<Slots>>,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _last: bool) -> Action {
        let id = self.slots.borrow_mut().take();
        self.id = Some(id);
        transport::open(&Shared, id);
        calls::set_header(Map::Request, transport::EXCHANGE, id.to_string().as_bytes());
        Action::Continue
    }

    fn on_log(&mut self) {
        let Some(id) = self.id.take() else {
            return;
        };
        let facts = transport::close(&Shared, id);
        if !facts.is_empty() {
            calls::state_facts(&facts);
        }
        self.slots.borrow_mut().give_back(id);
    }
}
