//! Header fields of vendors that take a bearer token and JSON.

use crate::value::secret::Secret;

/// The fields to set for a request with that key.
pub(super) fn bearer(key: Option<&Secret>) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(key) = key {
        headers.push(("authorization", format!("Bearer {}", key.expose())));
    }
    headers
}
