//! What becomes of parameters: what operators and clients want done about them, and what a vendor refuses.

use serde_json::{Value, json};
use wasm_tests::world::{Call, Upstream, World, at_every_cut};

use crate::rule;
use crate::spoken::{chunk, done, stop, word};

fn world(model: &str, params: Value) -> World {
    let mut params = params;
    params["model"] = json!(model);
    params["api_key"] = json!("k-12345678");
    World::of(json!({"model_list": [{"model_name": "gpt", "litellm_params": params}]}))
}

fn ask(members: Value) -> String {
    let mut body = members;
    body["model"] = json!("gpt");
    body["messages"] = json!([{"role": "user", "content": "hi"}]);
    body.to_string()
}

fn sent(world: &mut World, members: Value) -> Value {
    let visit = world.ask(&ask(members));
    let mut sent: Value = serde_json::from_slice(&visit.provider().body).unwrap();
    let object = sent.as_object_mut().unwrap();
    object.retain(|name, _| !["model", "messages"].contains(&name.as_str()));
    sent
}

#[rule]
fn what_the_operator_drops_is_not_sent_however_deep_it_stands() {
    let dropped = json!({"additional_drop_params": ["user", "tools[*].function.strict"]});
    let mut world = world("openai/gpt-4o", dropped);
    let tool = |members: Value| json!([{"type": "function", "function": members}]);
    assert_eq!(
        sent(
            &mut world,
            json!({"user": "u", "seed": 1, "tools": tool(json!({"name": "f", "strict": true}))})
        ),
        json!({"seed": 1, "tools": tool(json!({"name": "f"}))})
    );
}

#[rule]
fn a_request_may_drop_allow_and_add_for_itself() {
    let mut world = world("groq/llama", json!({}));
    let said = json!({"n": 2, "seed": 1, "user": "u", "allowed_openai_params": ["n"],
        "additional_drop_params": ["seed"], "extra_body": {"user": "v", "x": [1]}});
    assert_eq!(
        sent(&mut world, said),
        json!({"x": [1], "n": 2, "user": "v"})
    );
}

#[rule]
fn the_operator_s_extra_members_reach_vendors_of_any_format() {
    for model in ["openai/gpt-4o", "anthropic/claude-haiku-4-5"] {
        let mut world = world(model, json!({"extra_body": {"top_k": 7}}));
        assert_eq!(sent(&mut world, json!({}))["top_k"], json!(7), "{model}");
    }
}

#[rule]
fn what_a_vendor_refuses_is_a_400_that_names_it_unless_it_may_be_dropped() {
    let mut strict = world("groq/llama", json!({}));
    let visit = strict.ask(&ask(json!({"n": 2})));
    let answer = visit.client();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["param"], json!("n"));
    let mut lax = world("groq/llama", json!({"drop_params": true}));
    assert_eq!(sent(&mut lax, json!({"n": 2})), json!({}));
    let mut asked = world("groq/llama", json!({}));
    let said = json!({"n": 2, "drop_params": true});
    assert_eq!(sent(&mut asked, said), json!({}));
}

const MERGE: &str = "merge_reasoning_content_in_choices";

#[rule]
fn reasoning_is_told_as_content_where_the_operator_wants_it() {
    let mut world = world("deepseek/deepseek-reasoner", json!({MERGE: true}));
    let reasoning =
        chunk(json!({"index": 0, "delta": {"reasoning_content": "hm"}, "finish_reason": null}));
    let call = Call::chat(ask(json!({"stream": true})));
    let stream = [reasoning, word("yes"), stop(), done()].concat();
    let outcome = at_every_cut(&mut world, &call, stream);
    let events = outcome.answer.events();
    let text = |event: &String| -> String {
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        let delta = event["choices"][0]["delta"]["content"].as_str();
        delta.unwrap_or_default().to_owned()
    };
    let content: String = events.iter().map(text).collect();
    assert_eq!(content, "<think>hm</think>yes");
}

#[rule]
fn a_complete_answer_s_reasoning_is_told_as_content_alike() {
    let mut world = world("deepseek/deepseek-reasoner", json!({MERGE: true}));
    let answer = json!({"id": "1", "object": "chat.completion", "created": 7, "model": "m", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "yes", "reasoning_content": "hm"}, "finish_reason": "stop"}]});
    let visit = world.ask(&ask(json!({})));
    let visit = visit.answered(&Upstream::json(200, answer.to_string()));
    let message = visit.client().json()["choices"][0]["message"].clone();
    assert_eq!(message["content"], json!("<think>hm</think>yes"));
    assert_eq!(message.get("reasoning_content"), None);
}

#[rule]
fn the_key_of_azure_goes_into_its_own_header_and_the_model_into_the_path() {
    let mut world = world(
        "azure/mine",
        json!({"api_base": "https://x.openai.azure.com", "api_version": "2024-10-21"}),
    );
    let visit = world.ask(&ask(json!({})));
    let head = &visit.provider().head;
    assert_eq!(head.get("api-key"), Some("k-12345678"));
    assert_eq!(head.get("authorization"), None);
    assert_eq!(
        head.get(":path"),
        Some("/openai/deployments/mine/chat/completions?api-version=2024-10-21")
    );
}
