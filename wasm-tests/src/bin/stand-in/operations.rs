//! OpenAI's operations besides chat, as far as clients must be able to read the answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dragoman::wire::multipart::{self, Search};
use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::play::Piece;
use crate::reply::Reply;

/// What every embedding is.
const VECTOR: [f32; 3] = [0.5, -1.25, 2.0];

/// The answer, and the model that was asked; `None` where there is nothing at that path.
pub fn answer(head: &Parts, body: &[u8]) -> Option<(Reply, String)> {
    let path = head.uri.path();
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let media = head.headers.get("content-type");
    let media = media
        .and_then(|media| media.to_str().ok())
        .unwrap_or_default();
    let model = match field(body, media, "model") {
        Some(model) => model,
        None => request["model"].as_str().unwrap_or_default().to_owned(),
    };
    let is = |end: &str| path.ends_with(end) && head.method == Method::POST;
    let reply = if is("/embeddings") {
        embeddings(&request, &model)
    } else if is("/moderations") {
        let result = json!({"flagged": false, "categories": {}, "category_scores": {}, "category_applied_input_types": {}});
        Reply::json(
            200,
            &json!({"id": "modr-1", "model": model, "results": [result]}),
        )
    } else if is("/images/generations") {
        let usage = json!({"input_tokens": 10, "output_tokens": 1000, "total_tokens": 1010,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 10}});
        let image = STANDARD.encode(vec![7u8; 2 << 20]);
        Reply::json(
            200,
            &json!({"created": 1_768_480_496, "data": [{"b64_json": image}], "usage": usage}),
        )
    } else if is("/audio/speech") {
        let pieces = vec![
            Piece::Bytes(vec![0xff, 0xfb, 0].into()),
            Piece::Bytes(vec![1u8; 300_000].into()),
        ];
        Reply {
            pieces,
            ..Reply::text(200, "audio/mpeg", String::new())
        }
    } else if is("/audio/transcriptions") {
        let usage =
            json!({"type": "tokens", "input_tokens": 10, "output_tokens": 2, "total_tokens": 12});
        Reply::json(200, &json!({"text": "ahoj", "usage": usage}))
    } else if path.ends_with("/files") {
        files(head, body)
    } else {
        return None;
    };
    Some((reply.header("x-request-id", "req_standin"), model))
}

/// The text of a form's field; `None` if the body is no form or has none.
fn field(body: &[u8], media: &str, name: &str) -> Option<String> {
    let Search::Found(place) = multipart::find(body, multipart::boundary(media)?, name) else {
        return None;
    };
    Some(String::from_utf8_lossy(body.get(place)?).into_owned())
}

fn embeddings(request: &Value, model: &str) -> Reply {
    let vector = if request["encoding_format"] == "base64" {
        let bytes: Vec<u8> = VECTOR.into_iter().flat_map(f32::to_le_bytes).collect();
        json!(STANDARD.encode(bytes))
    } else {
        json!(VECTOR)
    };
    let several = request["input"]
        .as_array()
        .filter(|input| !input.iter().all(Value::is_number));
    let data: Vec<Value> = (0..several.map_or(1, Vec::len))
        .map(|index| json!({"object": "embedding", "index": index, "embedding": vector}))
        .collect();
    let usage = json!({"prompt_tokens": 8, "total_tokens": 8});
    Reply::json(
        200,
        &json!({"object": "list", "data": data, "model": model, "usage": usage}),
    )
}

fn files(head: &Parts, body: &[u8]) -> Reply {
    let file = json!({"id": "file-1", "object": "file", "bytes": body.len(), "created_at": 1_768_480_496,
        "filename": "a.jsonl", "purpose": "batch", "status": "processed"});
    if head.method == Method::GET {
        return Reply::json(
            200,
            &json!({"object": "list", "data": [file], "has_more": false}),
        );
    }
    Reply::json(200, &file)
}
