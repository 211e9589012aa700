//! What compatible vendors are sent.

use super::*;
use crate::canonical::asked::Line;
use crate::canonical::request::TO_GATEWAY;
use crate::provider::find;
use crate::value::secret::Secret;
use crate::wire::json::Members;

fn encode(provider: &str, json: &str) -> (String, String) {
    let members = Members::read(json.as_bytes()).unwrap();
    let request = ChatRequest {
        json: json.as_bytes(),
        stream: members
            .get("stream")
            .is_some_and(|member| member.value == b"true"),
        members,
        model: "group".into(),
        include_usage: false,
    };
    let key = Secret::new("sk-1".to_owned());
    let target = Target {
        key: Some(&key),
        base_path: "/v1",
        ..Target::of_model("vendor-model")
    };
    let encoded = find(provider).unwrap().encode(&request, &target).unwrap();
    let body = encoded.body.unwrap_or_else(|| json.as_bytes().to_vec());
    (encoded.path, String::from_utf8(body).unwrap())
}

#[test]
fn all_but_the_model_arrives_as_sent() {
    let (path, body) = encode(
        "openai",
        r#"{ "x":[1.10, 1e-7],"model" : "group","messages":[{"role":"user"}] }"#,
    );
    assert_eq!(path, "/v1/chat/completions");
    assert_eq!(
        body,
        r#"{ "x":[1.10, 1e-7],"model" : "vendor-model","messages":[{"role":"user"}] }"#
    );
}

#[test]
fn what_is_said_to_the_gateway_is_not_sent_on() {
    let said: Vec<String> = TO_GATEWAY
        .iter()
        .map(|name| format!(r#""{name}":["x"],"#))
        .collect();
    let sent = format!(
        r#"{{{}"model":"g","fallb\u0061cks":[],"n":1}}"#,
        said.concat()
    );
    assert_eq!(
        encode("openai", &sent).1,
        r#"{"model":"vendor-model","n":1}"#
    );
}

#[test]
fn of_the_metadata_only_tags_are_the_gateways() {
    for (sent, arrives) in [
        (r#"{"tags":["a"]}"#, None),
        (r#"{"tags":["a"],"k":"v"}"#, Some(r#"{"k":"v"}"#)),
        (r#"{"k":"v", "tags" : [] }"#, Some(r#"{"k":"v" }"#)),
        (r#"{"tags":"mine"}"#, Some(r#"{"tags":"mine"}"#)),
        ("{}", Some("{}")),
        ("null", Some("null")),
    ] {
        let body = encode("openai", &format!(r#"{{"model":"g","metadata":{sent}}}"#)).1;
        let arrives = arrives.map(|value| format!(r#","metadata":{value}"#));
        let arrives = arrives.unwrap_or_default();
        assert_eq!(body, format!(r#"{{"model":"vendor-model"{arrives}}}"#));
    }
    let twice = r#"{"model":"g","metadata":{"tags":["a"]},"metadata":{"k":"v"}}"#;
    assert_eq!(
        encode("openai", twice).1,
        r#"{"model":"vendor-model","metadata":{"k":"v"}}"#
    );
}

#[test]
fn streams_ask_for_usage_whatever_the_client_said() {
    for (sent, arrives) in [
        (
            r#"{"model":"g","stream":true}"#,
            r#"{"stream_options":{"include_usage":true},"model":"vendor-model","stream":true}"#,
        ),
        (
            r#"{"model":"g","stream":true,"stream_options":null}"#,
            r#"{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"g","stream":true,"stream_options":{"a": 1,"include_usage":false}}"#,
            r#"{"model":"vendor-model","stream":true,"stream_options":{"a": 1,"include_usage":true}}"#,
        ),
        (
            r#"{"model":"g","stream":true,"stream_options":{"a": 1}}"#,
            r#"{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true,"a": 1}}"#,
        ),
        (
            r#"{"model":"g","stream":true,"stream_options":{}}"#,
            r#"{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"g","stream":false,"stream_options":{}}"#,
            r#"{"model":"vendor-model","stream":false,"stream_options":{}}"#,
        ),
    ] {
        assert_eq!(encode("openai", sent).1, arrives, "{sent}");
    }
}

#[test]
fn vendors_that_refuse_stream_options_never_see_them() {
    let (_, body) = encode(
        "mistral",
        r#"{"model":"g","stream":true,"stream_options":{"include_usage":true}}"#,
    );
    assert_eq!(body, r#"{"model":"vendor-model","stream":true}"#);
}

#[test]
fn of_duplicate_members_only_the_one_that_counts_is_sent() {
    let (_, body) = encode(
        "openai",
        r#"{"model":"a","n":1,"model":"b","messages":1,"messages":2}"#,
    );
    assert_eq!(body, r#"{"n":1,"model":"vendor-model","messages":2}"#);
}

#[test]
fn members_are_renamed_where_the_vendor_wants_another_name() {
    let (_, body) = encode("xai", r#"{"model":"g","max_completion_tokens":5}"#);
    assert_eq!(body, r#"{"model":"vendor-model","max_tokens":5}"#);
    let (_, body) = encode(
        "xai",
        r#"{"model":"g","max_completion_tokens":5,"max_tokens":7}"#,
    );
    assert_eq!(body, r#"{"model":"vendor-model","max_tokens":5}"#);
}

#[test]
fn t02_developer_is_told_as_system_where_it_is_unknown() {
    let sent = r#"{"model":"g","messages":[{"role" : "developer","content":"the \"developer\""},{"role":"user"}]}"#;
    let (_, body) = encode("deepseek", sent);
    assert_eq!(
        body,
        r#"{"model":"vendor-model","messages":[{"role" : "system","content":"the \"developer\""},{"role":"user"}]}"#
    );
    assert_eq!(
        encode("openai", sent).1,
        sent.replace("\"g\"", "\"vendor-model\"")
    );
}

/// What the vendor is asked when a client asks for `format` with this body.
fn native(provider: &str, format: Format, body: &[u8], media: &str) -> Option<Encoded> {
    let mut line = Line::of(format);
    line.headers.push("content-type", media);
    let asked = Asked {
        format,
        body,
        members: Members::read(body).unwrap_or_default(),
        model: "group".into(),
        stream: false,
        include_usage: false,
        path: "",
        method: "POST",
        headers: &line.headers,
    };
    let target = Target {
        base_path: "/v1",
        ..Target::of_model("vendor-model")
    };
    Some(find(provider)?.native(&asked, &target)?.unwrap())
}

#[test]
fn other_operations_are_asked_at_their_own_paths_with_the_vendor_s_model() {
    for (format, path) in [
        (Format::Embeddings, "/v1/embeddings"),
        (Format::Images, "/v1/images/generations"),
        (Format::Moderations, "/v1/moderations"),
        (Format::Responses, "/v1/responses"),
        (Format::Speech, "/v1/audio/speech"),
    ] {
        let body =
            br#"{"input":"x", "model":"g","tags":["a"],"metadata":{"tags":["a"]},"model":"group"}"#;
        let encoded = native("openai", format, body, "application/json").unwrap();
        assert_eq!(encoded.path, path);
        assert_eq!(
            String::from_utf8(encoded.body.unwrap()).unwrap(),
            r#"{"input":"x", "model":"vendor-model"}"#
        );
    }
}

#[test]
fn conversations_are_translated_for_vendors_that_are_not_known_to_have_them() {
    let asked = |provider, format| native(provider, format, b"{}", "application/json").is_some();
    assert!(asked("openai", Format::Responses) && asked("hosted_vllm", Format::Completions));
    assert!(!asked("openai", Format::Completions), "of chat models");
    assert!(!asked("groq", Format::Responses) && !asked("groq", Format::Completions));
    for format in [
        Format::Chat,
        Format::CountTokens,
        Format::Gemini,
        Format::Messages,
    ] {
        assert!(!asked("openai", format), "{format:?}");
    }
}

#[test]
fn a_form_keeps_its_boundary_and_its_file() {
    let form = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ngroup\r\n--b--\r\n";
    let media = "multipart/form-data; boundary=b";
    let encoded = native("groq", Format::Transcriptions, form.as_bytes(), media).unwrap();
    assert!(
        encoded
            .headers
            .contains(&("content-type", media.to_owned()))
    );
    assert_eq!(
        String::from_utf8(encoded.body.unwrap()).unwrap(),
        form.replace("group", "vendor-model")
    );
}

#[test]
fn an_address_in_parts_is_put_together_from_settings() {
    let cloudflare = find("cloudflare").unwrap();
    assert_eq!(cloudflare.base(&Options::default()), None);
    let options = [("account_id", Secret::new("a1".to_owned()))]
        .into_iter()
        .collect();
    assert_eq!(
        cloudflare.base(&options).as_deref(),
        Some("https://api.cloudflare.com/client/v4/accounts/a1/ai/v1")
    );
}

#[test]
fn no_name_means_two_vendors() {
    let mut names: Vec<_> = crate::provider::all()
        .flat_map(|provider| provider.aliases().iter().copied().chain([provider.name()]))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn mistral_s_embeddings_have_its_own_names() {
    let body = br#"{"model":"g","input":"x","dimensions":5,"user":"u"}"#;
    let encoded = native("mistral", Format::Embeddings, body, "application/json").unwrap();
    assert_eq!(
        String::from_utf8(encoded.body.unwrap()).unwrap(),
        r#"{"model":"vendor-model","input":"x","output_dimension":5}"#
    );
}
