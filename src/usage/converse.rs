//! Usage as Bedrock's Converse states it: cached tokens beside the prompt instead of in it.

use serde_json::Value;

use super::Usage;

impl Usage {
    /// Reads the `usage` object of a Converse answer, and of `fields`, which the model adds, how much it reasoned. `None` if it
    /// states no count at all.
    pub fn from_converse(json: &[u8], fields: Option<&[u8]>) -> Option<Usage> {
        let stated: Value = serde_json::from_slice(json).ok()?;
        let count = |names: [&str; 2]| names.iter().find_map(|name| number(stated.get(*name)?));
        let input = count(["inputTokens", "inputTokenCount"]);
        let output = count(["outputTokens", "outputTokenCount"]);
        input.or(output)?;
        let cache_read = count(["cacheReadInputTokens", "cacheReadInputTokenCount"]).unwrap_or(0);
        let written = count(["cacheWriteInputTokens", "cacheWriteInputTokenCount"]).unwrap_or(0);
        let cache_write_1h = long(&stated).min(written);
        let fields = fields.and_then(|json| serde_json::from_slice::<Value>(json).ok());
        let thought = fields.as_ref().and_then(|fields| {
            number(fields.pointer("/usage/output_tokens_details/thinking_tokens")?)
        });
        let input = input.unwrap_or(0).saturating_add(cache_read);
        let usage = Usage {
            cache_read,
            cache_write: written.saturating_sub(cache_write_1h),
            cache_write_1h,
            input: input.saturating_add(written),
            output: output.unwrap_or(0),
            reasoning: thought.unwrap_or(0),
            ..Usage::default()
        };
        Some(usage.consistent())
    }
}

/// Tokens written for an hour.
fn long(stated: &Value) -> u64 {
    let details = stated.get("cacheDetails").and_then(Value::as_array);
    let hours = details.into_iter().flatten().filter_map(|detail| {
        let is_hour = detail.get("ttl").and_then(Value::as_str) == Some("1h");
        number(detail.get("inputTokens")?).filter(|_| is_hour)
    });
    hours.fold(0, u64::saturating_add)
}

/// A count, even one that is spelled with a point.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let spelled = value.as_f64()?.to_string();
        spelled.split('.').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Usage> {
        Usage::from_converse(json.as_bytes(), None)
    }

    #[test]
    fn cached_tokens_are_part_of_the_prompt() {
        let usage = read(r#"{"inputTokens":20,"outputTokens":9,"totalTokens":29,"cacheReadInputTokens":4,"cacheWriteInputTokens":3}"#).unwrap();
        assert_eq!(
            (
                usage.input,
                usage.cache_read,
                usage.cache_write,
                usage.output
            ),
            (27, 4, 3, 9)
        );
    }

    #[test]
    fn tokens_written_for_an_hour_are_told_apart() {
        let usage = read(r#"{"inputTokens":1,"outputTokens":1,"cacheWriteInputTokens":9,"cacheDetails":[{"ttl":"1h","inputTokens":6},{"ttl":"5m","inputTokens":3}]}"#).unwrap();
        assert_eq!((usage.cache_write, usage.cache_write_1h), (3, 6));
    }

    #[test]
    fn counters_may_be_missing_null_or_named_otherwise() {
        assert_eq!(read("{}"), None);
        assert_eq!(read("null"), None);
        assert_eq!(read(r#"{"inputTokens":null}"#), None);
        let usage = read(r#"{"inputTokens":5.0,"outputTokens":null,"cacheReadInputTokenCount":2}"#);
        assert_eq!(
            usage.map(|usage| (usage.input, usage.cache_read)),
            Some((7, 2))
        );
    }

    #[test]
    fn reasoning_is_told_by_the_models_own_fields() {
        let fields = br#"{"usage":{"output_tokens_details":{"thinking_tokens":12}}}"#;
        let usage = Usage::from_converse(br#"{"inputTokens":1,"outputTokens":30}"#, Some(fields));
        assert_eq!(usage.map(|usage| usage.reasoning), Some(12));
    }
}
