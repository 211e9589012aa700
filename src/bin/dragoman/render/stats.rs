//! The half of the agreement on metric names that Envoy must know; the other half is `usage::metrics`.

use dragoman::usage::metrics::{Histogram, LABELS, pattern};
use serde_json::{Value, json};

pub(super) fn stats_config() -> Value {
    let tags: Vec<Value> = LABELS
        .iter()
        .map(|label| json!({"tag_name": label, "regex": pattern(label)}))
        .collect();
    // Matched against the name inside Envoy: without its `wasmcustom.` nothing matches.
    let buckets: Vec<Value> = Histogram::ALL
        .iter()
        .map(|histogram| json!({"match": {"prefix": histogram.prefix()}, "buckets": histogram.buckets()}))
        .collect();
    json!({"stats_tags": tags, "histogram_bucket_settings": buckets})
}
