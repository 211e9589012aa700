//! A group has failed, and another model is asked.

use dragoman::usage::metrics::Counter;
use serde_json::{Value, json};
use wasm_tests::world::{Call, Upstream, World};

use crate::rule;
use crate::scenario::{
    COST, Setting, ask, ask_stream, asked, attempts, error, fails, good, good_stream, text,
};

/// Groups `gpt`, `one`, `two` and `three` with a deployment each; nothing is tried again within a group.
fn four(router: Value) -> Setting {
    Setting::of(&[
        ("gpt", &["g"]),
        ("one", &["a"]),
        ("two", &["b"]),
        ("three", &["c"]),
    ])
    .router(json!({"num_retries": 0}))
    .router(router)
}

fn too_long() -> Upstream {
    let words = "This model's maximum context length is 10 tokens.";
    let error = json!({"error": {"message": words, "code": "context_length_exceeded"}});
    Upstream::json(400, error.to_string())
}

fn refused() -> Upstream {
    let error = json!({"error": {"message": "no", "code": "content_policy_violation"}});
    Upstream::json(400, error.to_string())
}

/// The deployments that are asked when all fail in the same way.
fn way(world: &mut World, call: &Call, failure: &Upstream) -> String {
    world.forget();
    let mut visit = world.send(call.clone());
    while !visit.is_answered() {
        visit.next(failure);
    }
    visit.close();
    assert_ne!(visit.client().status, 200);
    let way = asked(&visit).join(" ");
    let told = visit.client().header("x-litellm-attempted-fallbacks");
    assert_eq!(told, Some(&*(visit.providers().len() - 1).to_string()));
    way
}

#[rule]
fn another_model_answers_when_the_group_has_failed_and_the_client_is_told_which() {
    let setting = four(json!({"fallbacks": [{"gpt": ["one"]}]}));
    setting.in_both(|world| {
        for (call, answer) in [
            (ask(""), good("hello")),
            (ask_stream(""), good_stream("hello")),
        ] {
            world.forget();
            let visit = world.send(call).answered_in_turn(&[fails(500), answer]);
            assert_eq!(text(visit.client()), "hello");
            for (name, value) in [
                ("x-litellm-attempted-retries", "0"),
                ("x-litellm-attempted-fallbacks", "1"),
                ("x-litellm-model-group", "one"),
                ("x-litellm-model-id", "a"),
            ] {
                assert_eq!(visit.client().header(name), Some(value), "{name}");
            }
            let facts = visit.ledger().facts();
            assert_eq!(
                (&facts["fallbacks"], &facts["model_group"]),
                (&json!(1), &json!("one"))
            );
            assert_eq!(attempts(&visit)[0], ("g".to_owned(), "server".to_owned()));
            assert_eq!(visit.ledger().cost(), COST);
        }
    });
}

#[rule]
fn a_fallback_is_counted_with_where_from_where_to_and_why() {
    let setting = four(json!({"fallbacks": [{"gpt": ["one", "two"]}]}));
    setting.in_both(|world| {
        let visit = world
            .send(ask(""))
            .answered_in_turn(&[fails(500), fails(503), good("hello")]);
        for (from, to, reason) in [(0, 1, "server"), (1, 2, "overloaded")] {
            let counted = visit
                .ledger()
                .total(Counter::Fallbacks { from, to, reason });
            assert_eq!(counted, 1, "{reason}");
        }
    });
}

#[rule]
fn a_group_is_tried_again_as_often_as_it_may_before_another_is_asked() {
    let setting = Setting::of(&[("gpt", &["a", "b"]), ("one", &["c", "d"])])
        .router(json!({"num_retries": 1, "fallbacks": [{"gpt": ["one"]}]}));
    setting.in_both(|world| {
        let visit = world.send(ask("")).answered_in_turn(&[
            fails(500),
            fails(500),
            fails(500),
            good("hello"),
        ]);
        let groups: Vec<bool> = asked(&visit)
            .iter()
            .map(|id| ["a", "b"].contains(id))
            .collect();
        assert_eq!(groups, [true, true, false, false]);
        assert_eq!(
            visit.client().header("x-litellm-attempted-retries"),
            Some("2")
        );
        assert_eq!(
            visit.client().header("x-litellm-attempted-fallbacks"),
            Some("1")
        );
    });
}

#[rule]
fn the_list_for_a_failure_comes_first_then_the_general_one_then_the_default() {
    let setting = four(json!({
        "context_window_fallbacks": [{"gpt": ["one"]}],
        "content_policy_fallbacks": [{"gpt": "two"}],
        "fallbacks": [{"gpt": ["three"]}],
    }));
    setting.in_both(|world| {
        assert_eq!(way(world, &ask(""), &too_long()), "g a c");
        assert_eq!(way(world, &ask(""), &refused()), "g b c");
        assert_eq!(way(world, &ask(""), &fails(500)), "g c");
    });
    let setting =
        four(json!({"context_window_fallbacks": [{"gpt": ["one"]}], "default_fallbacks": ["two"]}));
    setting.in_both(|world| {
        assert_eq!(way(world, &ask(""), &too_long()), "g a b");
        assert_eq!(way(world, &ask(""), &fails(400)), "g b");
    });
}

#[rule]
fn a_model_nobody_knows_goes_to_the_default_fallback() {
    four(json!({"default_fallbacks": ["two"]})).in_both(|world| {
        let call = Call::chat(r#"{"model":"unknown","messages":[]}"#);
        let visit = world.send(call).answered_in_turn(&[good("hello")]);
        assert_eq!(asked(&visit), ["b"]);
        assert_eq!(visit.client().header("x-litellm-model-group"), Some("two"));
    });
}

#[rule]
fn no_model_is_asked_twice_and_no_more_of_them_than_may_be() {
    let chains = json!([{"gpt": ["one"]}, {"one": ["two", "gpt"]}, {"two": ["gpt", "three"]}, {"three": ["one"]}]);
    four(json!({"fallbacks": chains})).in_both(|world| {
        assert_eq!(way(world, &ask(""), &fails(500)), "g a b c");
    });
    four(json!({"fallbacks": chains, "max_fallbacks": 2})).in_both(|world| {
        assert_eq!(way(world, &ask(""), &fails(500)), "g a b");
    });
}

#[rule]
fn a_request_may_bring_its_own_fallbacks_or_want_none() {
    let setting = four(
        json!({"fallbacks": [{"gpt": ["one"]}], "context_window_fallbacks": [{"gpt": ["one"]}]}),
    );
    setting.in_both(|world| {
        for (more, expected) in [
            ("", "g a"),
            (r#","disable_fallbacks":true"#, "g"),
            (r#","fallbacks":[]"#, "g"),
            (r#","fallbacks":["two","three"]"#, "g b c"),
            (r#","fallbacks":"two""#, "g b"),
            (r#","fallbacks":[{"model":"two"}]"#, "g b"),
            (r#","fallbacks":[{"gpt":["two"]}]"#, "g b"),
            (r#","fallbacks":["two"],"disable_fallbacks":true"#, "g"),
        ] {
            assert_eq!(way(world, &ask(more), &fails(500)), expected, "{more}");
        }
        let own = ask(r#","context_window_fallbacks":["three"]"#);
        assert_eq!(way(world, &own, &too_long()), "g c a");
        world.forget();
        let visit = world.send(ask(r#","fallbacks":["nobody"]"#));
        assert!(!visit.is_sent());
        assert_eq!(visit.client().status, 404);
    });
}

#[rule]
fn a_failure_may_be_asked_for_to_see_what_becomes_of_it() {
    let setting = four(json!({
        "context_window_fallbacks": [{"gpt": ["one"]}],
        "content_policy_fallbacks": [{"gpt": ["two"]}],
        "fallbacks": [{"gpt": ["three"]}],
    }));
    setting.in_both(|world| {
        for (name, id) in [
            ("mock_testing_fallbacks", "c"),
            ("mock_testing_context_fallbacks", "a"),
            ("mock_testing_content_policy_fallbacks", "b"),
            ("mock_testing_rate_limit_error", "c"),
            ("mock_timeout", "c"),
        ] {
            world.forget();
            let visit = world
                .send(ask(&format!(r#","{name}":true"#)))
                .answered_in_turn(&[good("hello")]);
            assert_eq!(asked(&visit), [id], "{name}");
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(
                visit.client().header("x-litellm-attempted-fallbacks"),
                Some("1")
            );
            let body: Value = serde_json::from_slice(&visit.provider().body).unwrap();
            assert!(body.get(name).is_none());
        }
    });
    Setting::pair().in_both(|world| {
        for (name, status) in [
            ("mock_testing_fallbacks", 500),
            ("mock_testing_rate_limit_error", 429),
            ("mock_timeout", 408),
        ] {
            world.forget();
            let mut visit = world.send(ask(&format!(r#","{name}":true"#)));
            visit.close();
            assert!(!visit.is_sent());
            assert_eq!(visit.client().status, status);
            assert!(
                error(visit.client())["message"]
                    .as_str()
                    .unwrap()
                    .contains(name)
            );
        }
    });
}

/// `gpt` is OpenAI's and falls back to Anthropic's `claude`, and that to OpenAI's `other`.
fn mixed() -> Setting {
    Setting::of(&[("gpt", &["g"]), ("claude", &["c"]), ("other", &["o"])])
        .params(
            "c",
            json!({"model": "anthropic/claude-haiku-4-5", "api_base": "http://c.example"}),
        )
        .router(json!({"num_retries": 0, "fallbacks": [{"gpt": ["claude", "other"]}]}))
}

#[rule]
fn a_fallback_drops_what_its_vendor_cannot_honour() {
    mixed().in_both(|world| {
        let mut visit = world.send(ask(r#","logprobs":true,"seed":7,"temperature":0.5"#));
        visit.next(&fails(500));
        let body: Value = serde_json::from_slice(&visit.provider().body).unwrap();
        assert_eq!(asked(&visit), ["g", "c"]);
        assert_eq!(body["model"], "claude-haiku-4-5");
        assert_eq!(body["temperature"], 0.5);
        assert!(
            body.get("logprobs").is_none() && body.get("seed").is_none(),
            "{body}"
        );
        assert_eq!(visit.provider().head.get(":path"), Some("/v1/messages"));
    });
}

#[rule]
fn a_fallback_that_the_request_does_not_fit_is_passed_over() {
    mixed().in_both(|world| {
        let audio = r#"{"model":"gpt","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]}"#;
        let visit = world.send(Call::chat(audio)).answered_in_turn(&[fails(500), good("hello")]);
        assert_eq!(asked(&visit), ["g", "o"]);
        assert_eq!(visit.client().header("x-litellm-attempted-fallbacks"), Some("2"));
    });
}

#[rule]
fn a_fallback_that_the_prompt_is_too_long_for_is_passed_over() {
    let setting = Setting::of(&[("gpt", &["g"]), ("small", &["s"]), ("large", &["l"])])
        .deployment("s", "model_info", json!({"max_input_tokens": 2}))
        .router(json!({"context_window_fallbacks": [{"gpt": ["small", "large"]}]}));
    setting.in_both(|world| {
        let visit = world
            .send(ask(""))
            .answered_in_turn(&[too_long(), good("hello")]);
        assert_eq!(asked(&visit), ["g", "l"]);
    });
}

#[rule]
fn a_fallback_that_cannot_see_is_passed_over_for_images_and_one_without_tools_is_not() {
    let cannot = json!({"supports_vision": false, "supports_function_calling": false});
    let setting = Setting::of(&[("gpt", &["g"]), ("blind", &["b"]), ("other", &["o"])])
        .deployment("b", "model_info", cannot)
        .router(json!({"num_retries": 0, "fallbacks": [{"gpt": ["blind", "other"]}]}));
    let image = r#"{"model":"gpt","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]}"#;
    let tools = r#","tools":[{"type":"function","function":{"name":"f"}}]"#;
    setting.in_both(|world| {
        for (call, fallback) in [(Call::chat(image), "o"), (ask(tools), "b")] {
            let visit = world
                .send(call)
                .answered_in_turn(&[fails(500), good("hello")]);
            assert_eq!(asked(&visit), ["g", fallback]);
        }
    });
}

#[rule]
fn the_first_failure_is_told_when_no_fallback_fits() {
    let setting = mixed().router(json!({"fallbacks": [{"gpt": ["claude"]}]}));
    setting.in_both(|world| {
        let audio = r#"{"model":"gpt","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]}"#;
        let visit = world.send(Call::chat(audio)).answered_in_turn(&[fails(500)]);
        assert_eq!(visit.client().status, 500);
        assert_eq!(error(visit.client())["message"], "trouble 500");
    });
}

/// An answer that its vendor withheld, whole or as a stream.
fn withheld(streamed: bool) -> Upstream {
    let choice = |name: &str| json!({"index": 0, name: {"role": "assistant"}, "finish_reason": "content_filter"});
    if streamed {
        let chunk = json!({"id": "x", "created": 7, "model": "m", "choices": [choice("delta")]});
        return Upstream::stream(&[format!("data: {chunk}\n\ndata: [DONE]\n\n").as_bytes(), b""]);
    }
    let answer = json!({"id": "x", "created": 7, "model": "m", "object": "chat.completion", "choices": [choice("message")]});
    Upstream::json(200, answer.to_string())
}

#[rule]
fn an_answer_that_was_withheld_goes_to_the_content_policy_fallback_where_there_is_one() {
    let with = four(json!({"content_policy_fallbacks": [{"gpt": ["one"]}]}));
    with.in_both(|world| {
        for (call, streamed) in [(ask(""), false), (ask_stream(""), true)] {
            let answer = if streamed {
                good_stream("hello")
            } else {
                good("hello")
            };
            world.forget();
            let visit = world
                .send(call)
                .answered_in_turn(&[withheld(streamed), answer]);
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(attempts(&visit)[0].1, "content_policy");
        }
    });
    four(json!({"fallbacks": [{"gpt": ["one"]}]})).in_both(|world| {
        for (call, streamed) in [
            (ask(""), false),
            (ask_stream(""), true),
            (ask(r#","content_policy_fallbacks":[]"#), false),
        ] {
            world.forget();
            let visit = world.send(call).answered_in_turn(&[withheld(streamed)]);
            assert_eq!(visit.client().status, 200);
            assert!(visit.client().text().contains("content_filter"));
        }
    });
}

#[rule]
fn an_empty_list_of_its_own_is_a_wish_to_see_what_was_withheld() {
    let with = four(json!({"content_policy_fallbacks": [{"gpt": ["one"]}]}));
    with.in_both(|world| {
        let call = ask(r#","content_policy_fallbacks":[]"#);
        let visit = world.send(call).answered_in_turn(&[withheld(false)]);
        assert_eq!(visit.client().status, 200);
    });
}
