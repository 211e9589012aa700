//! Conditions in Envoy's expression language, where its plain access-log filters cannot say what is meant.

use serde_json::{Value, json};

/// The access-log filter that is true when `expression` is. An expression about something absent is not true.
pub(super) fn when(expression: &str) -> Value {
    json!({"extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": expression,
        },
    }})
}
