//! What Anthropic refuses about one content block.

use serde_json::Value;

use super::check::extra;
use super::render::signature;
use crate::behaviour;

const IMAGES: [&str; 4] = ["image/gif", "image/jpeg", "image/png", "image/webp"];

/// What is wrong with `block` in a message of `role`.
pub fn check(block: &Value, role: &str) -> Result<(), String> {
    let members = block
        .as_object()
        .ok_or("Input should be a valid dictionary")?;
    let kind = block["type"].as_str().ok_or("type: Field required")?;
    let known: &[&str] = match (kind, role) {
        ("document", "user") => &[
            "type",
            "source",
            "title",
            "context",
            "citations",
            "cache_control",
        ],
        ("image", "user") => &["type", "source", "cache_control"],
        ("redacted_thinking", "assistant") => &["type", "data"],
        ("text", _) => &["type", "text", "citations", "cache_control"],
        ("thinking", "assistant") => &["type", "thinking", "signature"],
        ("tool_result", "user") => &[
            "type",
            "tool_use_id",
            "content",
            "is_error",
            "cache_control",
        ],
        ("tool_use", "assistant") => &["type", "id", "name", "input", "caller", "cache_control"],
        _ => {
            return Err(format!(
                "Input tag '{kind}' found using 'type' does not match any of the expected tags"
            ));
        }
    };
    if let Some(key) = behaviour::unknown(members, known) {
        return Err(extra(&format!("{kind}.{key}")));
    }
    match kind {
        "document" | "image" => source(block, kind),
        "text" => text(block),
        "thinking" => thought(block),
        "tool_result" => result(block),
        "tool_use" => call(block),
        _ => Ok(()),
    }
}

fn text(block: &Value) -> Result<(), String> {
    match block["text"].as_str() {
        None => Err("text.text: Field required".into()),
        Some("") => Err("text content blocks must be non-empty".into()),
        Some(text) if text.trim().is_empty() => {
            Err("text content blocks must contain non-whitespace text".into())
        }
        Some(_) => Ok(()),
    }
}

fn source(block: &Value, kind: &str) -> Result<(), String> {
    let source = &block["source"];
    let media = source["media_type"].as_str();
    let data = source["data"].as_str().is_some_and(|data| !data.is_empty());
    match source["type"].as_str() {
        Some("base64") if !data => Err(format!("{kind}.source.base64.data: Field required")),
        Some("base64") if kind == "image" && !media.is_some_and(|media| IMAGES.contains(&media)) => {
            Err("image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'".into())
        }
        Some("url") if !source["url"].as_str().is_some_and(|url| url.starts_with("https://")) => {
            Err(format!("{kind}.source.url.url: Only HTTPS URLs are supported"))
        }
        Some("base64" | "content" | "file" | "text" | "url") => Ok(()),
        _ => Err(format!("{kind}.source: Input tag does not match any of: 'base64', 'file', 'url'")),
    }
}

fn thought(block: &Value) -> Result<(), String> {
    let thought = block["thinking"]
        .as_str()
        .ok_or("thinking.thinking: Field required")?;
    let signed = block["signature"]
        .as_str()
        .ok_or("thinking.signature: Field required")?;
    if signed == signature(thought) {
        Ok(())
    } else {
        Err("Invalid `signature` in `thinking` block".into())
    }
}

fn call(block: &Value) -> Result<(), String> {
    let id = block["id"].as_str().ok_or("tool_use.id: Field required")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        return Err("tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'".into());
    }
    block["name"]
        .as_str()
        .ok_or("tool_use.name: Field required")?;
    block["input"]
        .as_object()
        .ok_or("tool_use.input: Input should be a valid dictionary")?;
    Ok(())
}

fn result(block: &Value) -> Result<(), String> {
    block["tool_use_id"]
        .as_str()
        .ok_or("tool_result.tool_use_id: Field required")?;
    match block.get("content") {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(blocks)) => {
            blocks
                .iter()
                .try_for_each(|block| match block["type"].as_str() {
                    Some("document" | "image" | "text") => check(block, "user"),
                    _ => Err(
                        "tool_result.content: Input should be text, image or document blocks"
                            .into(),
                    ),
                })
        }
        Some(_) => Err("tool_result.content: Input should be a valid string or list".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_of_blanks_is_refused() {
        assert!(check(&json!({"type": "text", "text": " \n"}), "user").is_err());
    }

    #[test]
    fn the_shape_of_openais_image_is_refused() {
        assert!(
            check(
                &json!({"type": "image_url", "image_url": {"url": "https://a/b.png"}}),
                "user"
            )
            .is_err()
        );
    }

    #[test]
    fn an_image_has_a_type_the_vendor_reads_or_an_https_address() {
        let image = |source: Value| check(&json!({"type": "image", "source": source}), "user");
        assert!(
            image(json!({"type": "base64", "media_type": "image/png", "data": "aGk="})).is_ok()
        );
        assert!(
            image(json!({"type": "base64", "media_type": "image/jpg", "data": "aGk="})).is_err()
        );
        assert!(image(json!({"type": "url", "url": "http://a/b.png"})).is_err());
    }

    #[test]
    fn a_thought_comes_back_with_its_signature() {
        let thought =
            |signature: &str| json!({"type": "thinking", "thinking": "hm", "signature": signature});
        assert!(check(&thought(&signature("hm")), "assistant").is_ok());
        assert!(check(&thought("RXE="), "assistant").is_err());
    }

    #[test]
    fn the_input_of_a_call_is_an_object() {
        let call = |input: Value| {
            check(
                &json!({"type": "tool_use", "id": "a", "name": "wx", "input": input}),
                "assistant",
            )
        };
        assert!(call(json!({})).is_ok());
        assert!(call(json!("{}")).is_err());
    }
}
