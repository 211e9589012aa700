//! Exchanges that Envoy brings by one stream after the other: each finds what the one before has left. Envoy brings a request again on
//! the same worker, so that they meet in the worker's memory; one that is not known any more has lost its machine to a trap.

use core::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::gateway::Exchange;

thread_local! {
    static LEGS: RefCell<HashMap<Vec<u8>, Rc<RefCell<Exchange>>>> = RefCell::default();
}

/// The exchange of that id: a new one, unless Envoy brings it again.
pub fn exchange(id: &[u8]) -> Rc<RefCell<Exchange>> {
    LEGS.with_borrow_mut(|legs| match legs.get(id) {
        Some(exchange) => Rc::clone(exchange),
        None => {
            let exchange = Rc::default();
            legs.insert(id.to_vec(), Rc::clone(&exchange));
            exchange
        }
    })
}

/// Forgets the exchange of that id once nothing more can become of it.
pub fn forget_if_over(id: &[u8]) {
    LEGS.with_borrow_mut(|legs| {
        if legs
            .get(id)
            .is_some_and(|exchange| exchange.borrow().is_over())
        {
            legs.remove(id);
        }
    });
}
