//! The tests' own door: orders in, records out. The gateway under test never knocks here.

use std::sync::atomic::Ordering;

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::handle::{Shared, locked};
use crate::reply::Reply;

/// Everything below this path is the stand-in's own.
pub const PREFIX: &str = "/_stand-in/";

/// Answers a request below `PREFIX`.
pub fn answer(head: &Parts, body: &[u8], shared: &Shared) -> Reply {
    let done = json!({"ok": true});
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/_stand-in/requests") => {
            Reply::json(200, &locked(&shared.record).requests())
        }
        (&Method::GET, "/_stand-in/counts") => Reply::json(200, &locked(&shared.record).counts()),
        (&Method::GET, "/_stand-in/unfinished") => Reply::json(
            200,
            &json!({"count": shared.unfinished.load(Ordering::Relaxed)}),
        ),
        (&Method::DELETE, "/_stand-in/requests" | "/_stand-in/counts") => {
            locked(&shared.record).clear();
            shared.unfinished.store(0, Ordering::Relaxed);
            Reply::json(200, &done)
        }
        (&Method::POST, "/_stand-in/behaviour") => match serde_json::from_slice(body) {
            Ok(order) => {
                locked(&shared.orders).place(order);
                shared.fast.clear();
                Reply::json(200, &done)
            }
            Err(problem) => Reply::json(400, &json!({"error": problem.to_string()})),
        },
        (&Method::DELETE, "/_stand-in/behaviour") => {
            locked(&shared.orders).clear();
            shared.fast.clear();
            Reply::json(200, &done)
        }
        (_, path) => Reply::json(404, &Value::from(format!("nothing at {path}"))),
    }
}
