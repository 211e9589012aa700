//! What providers really answer, each with the class it must have: the rows that other gateways get wrong first.

use super::{ApiError, Class};
use crate::value::head::Head;

const CLASSIC: &str = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";

fn class(provider: &str, status: u16, body: &str) -> Class {
    let head = Head::from_iter([
        (":status", status.to_string()),
        ("content-type", "application/json".to_owned()),
    ]);
    ApiError::answered(provider, &head, body.as_bytes()).class
}

/// An OpenAI error with that code and those words; a code without quotes is `null` or a number.
fn openai(code: &str, message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    format!(
        r#"{{"error":{{"message":{message},"type":"invalid_request_error","param":null,"code":{code}}}}}"#
    )
}

#[test]
fn context_windows_are_recognised_that_are_told_by_code_alone() {
    for (provider, words) in [
        (
            "openai",
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
        ),
        (
            "groq",
            "Please reduce the length of the messages or completion.",
        ),
        ("azure", "words of tomorrow"),
    ] {
        let body = openai(r#""context_length_exceeded""#, words);
        assert_eq!(
            class(provider, 400, &body),
            Class::ContextLength,
            "{provider}"
        );
    }
}

#[test]
fn context_windows_are_recognised_that_are_told_in_words_alone() {
    for (provider, body) in [
        (
            "mistral",
            r#"{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","param":null,"code":"3051"}"#,
        ),
        (
            "openrouter",
            r#"{"error":{"message":"This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens.","code":400}}"#,
        ),
        (
            "xai",
            r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 200000 tokens."}"#,
        ),
        (
            "hosted_vllm",
            r#"{"object":"error","message":"The decoder prompt (length 5000) is longer than the maximum model length of 4096.","type":"BadRequestError","param":null,"code":400}"#,
        ),
        (
            "fireworks_ai",
            r#"{"error":{"object":"error","type":"invalid_request_error","message":"The prompt is too long: 9000, model maximum context length: 8191"}}"#,
        ),
        (
            "openai",
            r#"{"object":"error","message":"Requested token count exceeds the model's maximum context length of 8192 tokens.","type":"BadRequestError","param":null,"code":400}"#,
        ),
        (
            "perplexity",
            r#"{"error":{"message":"total length of all messages is too long","type":"invalid_message","code":400}}"#,
        ),
        (
            "cerebras",
            r#"{"message":"Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}"#,
        ),
        (
            "huggingface",
            r#"{"error":"Input validation error: length limit exceeded","error_type":"validation"}"#,
        ),
        (
            "litellm_proxy",
            r#"{"error":{"message":"litellm.BadRequestError: litellm.ContextWindowExceededError: too much","type":null,"param":null,"code":"400"}}"#,
        ),
    ] {
        assert_eq!(
            class(provider, 400, body),
            Class::ContextLength,
            "{provider}"
        );
    }
}

#[test]
fn the_classic_words_are_recognised_of_every_provider_in_its_own_shape() {
    let said = serde_json::to_string(CLASSIC).unwrap();
    let shapes = [
        format!(
            r#"{{"error":{{"message":{said},"type":"invalid_request_error","code":"context_length_exceeded"}}}}"#
        ),
        format!(r#"{{"error":{said}}}"#),
        format!(r#"{{"message":{said},"code":"400","request_id":"r"}}"#),
        format!(r#"{{"success":false,"errors":[{{"code":5021,"message":{said}}}]}}"#),
        format!(r#"{{"detail":{said}}}"#),
        format!(
            r#"{{"ErrorCode":"CLIENT_ERROR_FROM_MODEL","Message":{said},"OriginalStatusCode":400}}"#
        ),
    ];
    for provider in [
        "openrouter",
        "huggingface",
        "ollama",
        "cohere_chat",
        "replicate",
        "snowflake",
        "oci",
        "sagemaker",
        "cloudflare",
        "openai_like",
        "openai",
        "anthropic",
    ] {
        for body in &shapes {
            assert_eq!(
                class(provider, 400, body),
                Class::ContextLength,
                "{provider}: {body}"
            );
        }
    }
}

#[test]
fn context_windows_are_recognised_behind_any_status() {
    let xinference = format!(r#"{{"detail":"[address=0.0.0.0:1, pid=7] {CLASSIC}"}}"#);
    for (status, body) in [
        (413, openai("null", CLASSIC)),
        (422, r#"{"error":"`inputs` tokens + `max_new_tokens` must be <= 4096","error_type":"validation"}"#.to_owned()),
        (429, openai("null", CLASSIC)),
        (500, xinference),
        (500, r#"{"error":{"code":500,"message":"the request exceeds the available context size","type":"server_error"}}"#.to_owned()),
        (424, format!(r#"{{"Message":"Received client error (400) from primary: {CLASSIC}"}}"#)),
    ] {
        assert_eq!(class("openai", status, &body), Class::ContextLength, "{status} {body}");
    }
}

#[test]
fn an_error_event_inside_a_success_is_recognised_like_an_answer() {
    let event = r#"{"type":"error","sequence_number":2,"error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"Your input exceeds the context window of this model.","param":"input"}}"#;
    let stream = format!("event: error\ndata: {event}\n\n");
    for body in [event, &stream] {
        let error = ApiError::read(200, Some("text/event-stream"), body.as_bytes());
        assert_eq!((error.class, error.status), (Class::ContextLength, 400));
    }
}

#[test]
fn what_openrouter_wraps_is_recognised_in_any_form() {
    for raw in [
        serde_json::to_string(&openai("null", CLASSIC)).unwrap(),
        serde_json::to_string(&format!(r#"{{"detail":"{CLASSIC}"}}"#)).unwrap(),
        serde_json::to_string(CLASSIC).unwrap(),
        openai("null", CLASSIC),
    ] {
        let body = format!(
            r#"{{"error":{{"message":"Provider returned error","code":400,"metadata":{{"raw":{raw},"provider_name":"x"}}}}}}"#
        );
        assert_eq!(
            class("openrouter", 400, &body),
            Class::ContextLength,
            "{body}"
        );
    }
}

#[test]
fn refused_content_is_recognised_by_code_and_by_words_with_either_apostrophe() {
    for body in [
        openai(r#""content_filter""#, "words of tomorrow"),
        openai(r#""content_filter""#, "triggering Microsoft's content management policy"),
        openai("null", "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."),
        openai("null", "The response was filtered due to the prompt triggering Azure OpenAI\u{2019}s content management policy."),
        openai("null", "Your request was rejected as a result of our safety system."),
        openai(r#""invalid_prompt""#, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
        r#"{"error":{"message":"m","type":null,"param":"prompt","code":"400","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#.to_owned(),
        r#"{"error":{"message":"litellm.ContentPolicyViolationError: no","type":null,"param":null,"code":"400"}}"#.to_owned(),
    ] {
        assert_eq!(class("azure", 400, &body), Class::ContentFilter, "{body}");
    }
}

#[test]
fn moderation_by_openrouter_is_refused_content_and_no_missing_permission() {
    let body = r#"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"],"flagged_input":"x"}}}"#;
    assert_eq!(class("openrouter", 403, body), Class::ContentFilter);
}

#[test]
fn used_up_money_is_quota_whatever_the_status() {
    for (provider, status, body) in [
        (
            "anthropic",
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
        ),
        (
            "deepseek",
            402,
            r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#,
        ),
        (
            "openai",
            429,
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        ),
        (
            "moonshot",
            429,
            r#"{"error":{"message":"Your account is suspended","type":"exceeded_current_quota_error"}}"#,
        ),
        (
            "minimax",
            200,
            r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"m"}}"#,
        ),
    ] {
        assert_eq!(class(provider, status, body), Class::Quota, "{provider}");
    }
}

#[test]
fn a_limit_of_tokens_a_minute_is_a_rate_limit_even_as_413() {
    let body = r#"{"error":{"message":"Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your message size and try again.","type":"tokens","code":"rate_limit_exceeded"}}"#;
    assert_eq!(class("groq", 413, body), Class::RateLimit);
}

#[test]
fn a_limit_inside_a_server_error_is_a_rate_limit() {
    let body = r#"{"error":{"code":429,"message":"m","status":"X"}}"#;
    assert_eq!(class("openai", 503, body), Class::RateLimit);
}

#[test]
fn statuses_without_telling_words_mean_what_they_say() {
    for (status, expected) in [
        (400, Class::BadRequest),
        (401, Class::Auth),
        (402, Class::Quota),
        (403, Class::Permission),
        (404, Class::NotFound),
        (408, Class::Timeout),
        (409, Class::BadRequest),
        (413, Class::TooLarge),
        (422, Class::BadRequest),
        (429, Class::RateLimit),
        (500, Class::Server),
        (502, Class::Server),
        (503, Class::Overloaded),
        (504, Class::Timeout),
        (529, Class::Overloaded),
    ] {
        assert_eq!(
            class("openai", status, &openai("null", "m")),
            expected,
            "{status}"
        );
    }
    let country = openai(
        r#""unsupported_country_region_territory""#,
        "Country, region, or territory not supported",
    );
    assert_eq!(class("openai", 403, &country), Class::Permission);
}

#[test]
fn a_number_means_what_its_provider_means_by_it() {
    let body = r#"{"error":{"code":"1002","message":"m"}}"#;
    assert_eq!(class("zai", 400, body), Class::Auth);
    assert_eq!(class("minimax", 400, body), Class::RateLimit);
    assert_eq!(class("mistral", 400, body), Class::BadRequest);
}

#[test]
fn words_that_are_ambiguous_count_only_of_the_provider_that_means_them() {
    let body = r#"{"error":"stop sequence: length limit exceeded"}"#;
    assert_eq!(class("groq", 400, body), Class::BadRequest);
    assert_eq!(class("huggingface", 400, body), Class::ContextLength);
}

#[test]
fn a_failure_is_recognised_by_its_name_in_the_head() {
    let head = Head::from_iter([
        (":status", "400"),
        ("x-amzn-errortype", "ThrottlingException:http://internal/"),
    ]);
    let error = ApiError::answered("bedrock", &head, br#"{"message":"slow"}"#);
    assert_eq!(error.class, Class::RateLimit);
}

#[test]
fn a_class_is_counted_under_a_name_of_its_own() {
    let names: Vec<&str> = [400, 401, 402, 403, 404, 408, 413, 429, 500, 503]
        .map(|status| Class::of_status(status).name())
        .to_vec();
    assert_eq!(
        names,
        [
            "bad_request",
            "authentication",
            "quota",
            "permission",
            "not_found",
            "timeout",
            "too_large",
            "rate_limited",
            "server",
            "overloaded"
        ]
    );
    let others = [
        Class::Connection,
        Class::ContentFilter,
        Class::ContextLength,
        Class::Malformed,
        Class::Truncated,
    ];
    assert_eq!(
        others.map(Class::name),
        [
            "connection",
            "content_policy",
            "context_window_exceeded",
            "malformed",
            "truncated"
        ]
    );
}
