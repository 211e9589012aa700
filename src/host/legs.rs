//! Exchanges that Envoy brings by one stream after the other: each finds what the one before has left. Envoy brings a request again on
//! the same worker, so that they meet in the worker's memory; one that is not known any more has lost its machine to a trap.

use core::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::gateway::Exchange;
use crate::gateway::transport::ExchangeId;

thread_local! {
    static LEGS: RefCell<HashMap<ExchangeId, Rc<RefCell<Exchange>>>> = RefCell::default();
}

/// The exchange of that id: a new one, unless Envoy brings it again.
pub fn exchange(id: ExchangeId) -> Rc<RefCell<Exchange>> {
    LEGS.with_borrow_mut(|legs| match legs.get(&id) {
        Some(exchange) => Rc::clone(exchange),
        None => {
            let exchange = Rc::default();
            legs.insert(id, Rc::clone(&exchange));
            exchange
        }
    })
}

/// Forgets the exchange of that id once nothing more can become of it.
pub fn forget_if_over(id: ExchangeId) {
    LEGS.with_borrow_mut(|legs| {
        if legs
            .get(&id)
            .is_some_and(|exchange| exchange.borrow().is_over())
        {
            legs.remove(&id);
        }
    });
}
