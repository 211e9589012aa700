//! Which provider a model belongs to, as LiteLLM reads it off the model's name.

use super::endpoint::Base;
use super::environment::Text;
use super::faults::Trouble;
use super::schema;
use crate::provider::{self, Provider};

/// A provider and the model's name there.
#[derive(Debug)]
pub(super) struct Named {
    pub provider: &'static dyn Provider,
    pub model: String,
}

/// What a deployment says about its model.
pub(super) struct Naming<'a> {
    /// `model`.
    pub model: &'a Text,
    /// `custom_llm_provider`.
    pub provider: Option<&'a Text>,
    /// `api_base`, if it could be read.
    pub base: Option<&'a Base>,
    /// Whether there is an `api_base`.
    pub has_base: bool,
}

/// Names the provider: `custom_llm_provider`, else the prefix, else the host of `api_base`, else a well-known model name.
pub(super) fn named(naming: &Naming<'_>) -> Result<Named, Trouble> {
    let model = naming.model;
    if let Some(provider) = naming.provider {
        return find(&provider.value, &provider.written, naming)
            .and_then(|found| stripped(found, model));
    }
    let (prefix, rest) = model.value.split_once('/').unwrap_or(("", &model.value));
    if is_provider(prefix) && !rest.is_empty() {
        return find(prefix, shown_prefix(model), naming)
            .and_then(|found| chat(found, rest, model));
    }
    if let Some(found) = naming.base.and_then(by_host) {
        return chat(found, &model.value, model);
    }
    match by_name(&model.value) {
        Some(name) => find(name, name, naming).and_then(|found| chat(found, &model.value, model)),
        None if prefix.is_empty() => Err(Trouble::ModelProvider(model.written.clone())),
        None => Err(no_provider(prefix, shown_prefix(model), naming.has_base)),
    }
}

/// The model may repeat the provider in front.
fn stripped(provider: &'static dyn Provider, model: &Text) -> Result<Named, Trouble> {
    let rest = model.value.split_once('/').filter(|(prefix, rest)| {
        let names = provider.name() == *prefix || provider.aliases().contains(prefix);
        names && !rest.is_empty()
    });
    chat(
        provider,
        rest.map_or(model.value.as_str(), |(_, rest)| rest),
        model,
    )
}

/// LiteLLM has sub-routes for other interfaces, which are not built.
fn chat(provider: &'static dyn Provider, rest: &str, model: &Text) -> Result<Named, Trouble> {
    let sub_route = provider.name() == "openai" && rest.starts_with("responses/");
    if sub_route {
        return Err(Trouble::NotYet {
            what: "the Responses interface of",
            name: model.written.clone(),
        });
    }
    if rest.chars().any(char::is_control) {
        return Err(Trouble::Characters);
    }
    Ok(Named {
        provider,
        model: rest.to_owned(),
    })
}

fn is_provider(prefix: &str) -> bool {
    provider::find(prefix).is_some() || LATER.contains(&prefix)
}

fn find(name: &str, shown: &str, naming: &Naming<'_>) -> Result<&'static dyn Provider, Trouble> {
    provider::find(name).ok_or_else(|| no_provider(name, shown, naming.has_base))
}

fn no_provider(name: &str, shown: &str, has_base: bool) -> Trouble {
    if LATER.contains(&name) {
        return Trouble::NotYet {
            what: "the provider",
            name: shown.to_owned(),
        };
    }
    let known = provider::all().map(Provider::name).chain(LATER);
    let nearest = schema::nearest(shown, known);
    Trouble::ModelPrefix {
        prefix: shown.to_owned(),
        nearest,
        has_base,
    }
}

/// The prefix as the file has it.
fn shown_prefix(model: &Text) -> &str {
    let shows_value = model.written == model.value;
    if shows_value {
        model.value.split('/').next().unwrap_or_default()
    } else {
        &model.written
    }
}

fn by_host(base: &Base) -> Option<&'static dyn Provider> {
    let at_host = |provider: &&'static dyn Provider| {
        let usual = provider
            .default_base()
            .and_then(|text| Base::parse(text).ok());
        usual.is_some_and(|usual| {
            usual.tls && usual.host == base.host && base.path.starts_with(&usual.path)
        })
    };
    provider::all().find(at_host).or_else(|| {
        let other = OTHER_HOSTS.iter().find(|(host, _)| *host == base.host)?;
        provider::find(other.1)
    })
}

fn by_name(model: &str) -> Option<&'static str> {
    let known = BARE_NAMES.iter().find(|(head, _)| model.starts_with(head));
    known.map(|(_, provider)| *provider)
}

/// Hosts that are a provider's besides its usual one.
const OTHER_HOSTS: [(&str, &str); 4] = [
    ("api.deepseek.com", "deepseek"),
    ("api.together.ai", "together_ai"),
    ("api.together.xyz", "together_ai"),
    ("dashscope-intl.aliyuncs.com", "dashscope"),
];

/// How model names begin that need no prefix. LiteLLM keeps lists of them for these providers; all others need a prefix.
const BARE_NAMES: [(&str, &str); 18] = [
    ("chatgpt-", "openai"),
    ("claude-", "anthropic"),
    ("codex-", "openai"),
    ("command-", "cohere_chat"),
    ("computer-use-", "openai"),
    ("embed-", "cohere"),
    ("ft:gpt-", "openai"),
    ("ft:o", "openai"),
    ("gemini-", "vertex_ai"),
    ("gpt-", "openai"),
    ("jamba-", "ai21_chat"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("anthropic.claude-", "bedrock"),
    ("amazon.", "bedrock"),
    ("text-bison", "vertex_ai"),
    ("text-embedding-", "openai"),
];

/// Providers LiteLLM knows and the gateway does not.
#[rustfmt::skip]
const LATER: [&str; 93] = [
    "a2a", "a2a_agent", "abliteration", "aihubmix", "aiohttp_openai", "amazon_nova", "anthropic_text", "apertis",
    "assemblyai", "auto_router", "aws_polly", "aws_textract", "azure_speech", "bedrock_mantle", "black_forest_labs",
    "bytez", "charity_engine", "chatgpt", "clarifai", "cognition", "compactifai", "cortecs", "crusoe", "cursor",
    "custom", "darkbloom", "datarobot", "deepgram", "docker_model_runner", "dotprompt", "edenai", "elevenlabs",
    "empiriolabs", "empower", "fal_ai", "galadriel", "gdc", "gigachat", "github_copilot", "gmi", "gradient_ai",
    "helicone", "heroku", "humanloop", "langflow", "langfuse", "langgraph", "lemonade", "libertai", "litellm_agent",
    "llamagate", "manus", "maritalk", "meta", "milvus", "nadir", "nano-gpt", "neosantara", "nlp_cloud", "nvidia_riva",
    "oci", "oobabooga", "ovhcloud", "parasail", "petals", "pinstripes", "predibase", "prism", "publicai",
    "qwen_ai_platform", "ragflow", "recraft", "reducto", "reka", "replicate", "runwayml", "sagemaker_nova", "sail",
    "sap", "scx-ai", "snowflake", "soniox", "stability", "synthetic", "tensormesh", "text-completion-codestral",
    "text-completion-inception", "topaz", "transcribe", "triton", "typesafe", "watsonx", "watsonx_text",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Text {
        Text {
            written: value.to_owned(),
            value: value.to_owned(),
        }
    }

    fn name(
        model: &str,
        provider: Option<&str>,
        base: Option<&str>,
    ) -> Result<(&'static str, String), String> {
        let provider = provider.map(text);
        let base = base.map(|base| Base::parse(base).unwrap());
        let naming = Naming {
            model: &text(model),
            provider: provider.as_ref(),
            base: base.as_ref(),
            has_base: base.is_some(),
        };
        named(&naming)
            .map(|named| (named.provider.name(), named.model))
            .map_err(|trouble| trouble.to_string())
    }

    fn is(provider: &'static str, model: &str) -> Result<(&'static str, String), String> {
        Ok((provider, model.to_owned()))
    }

    #[test]
    fn only_the_first_slash_splits() {
        assert_eq!(name("openai/gpt-4o", None, None), is("openai", "gpt-4o"));
        assert_eq!(
            name("openrouter/anthropic/claude-x", None, None),
            is("openrouter", "anthropic/claude-x")
        );
        assert_eq!(
            name("huggingface/org/name:provider", None, None),
            is("huggingface", "org/name:provider")
        );
    }

    #[test]
    fn custom_llm_provider_wins_over_the_prefix() {
        assert_eq!(name("gpt-4o", Some("groq"), None), is("groq", "gpt-4o"));
        assert_eq!(
            name("openai/gpt-oss-120b", Some("groq"), None),
            is("groq", "openai/gpt-oss-120b")
        );
        assert_eq!(name("groq/llama", Some("groq"), None), is("groq", "llama"));
    }

    #[test]
    fn a_known_host_names_the_provider_when_the_prefix_does_not() {
        assert_eq!(
            name("llama-3", None, Some("https://api.groq.com/openai/v1")),
            is("groq", "llama-3")
        );
        assert_eq!(
            name("meta-llama/x", None, Some("https://api.together.ai/v1")),
            is("together_ai", "meta-llama/x")
        );
        assert_eq!(
            name("mistral/x", None, Some("https://api.groq.com/openai/v1")),
            is("mistral", "x")
        );
        assert!(name("llama-3", None, Some("http://localhost:11434")).is_err());
    }

    #[test]
    fn well_known_models_need_no_prefix() {
        for model in [
            "gpt-4o-mini",
            "o3-mini",
            "o1",
            "chatgpt-4o-latest",
            "ft:gpt-4o:org::id",
        ] {
            assert_eq!(name(model, None, None), is("openai", model));
        }
        assert_eq!(
            name("claude-sonnet-4-5", None, None),
            is("anthropic", "claude-sonnet-4-5")
        );
        for model in ["command-r-plus", "embed-english-v3.0"] {
            assert_eq!(name(model, None, None), is("cohere", model));
        }
        assert!(name("deepseek-chat", None, None).is_err());
    }

    #[test]
    fn a_provider_answers_to_its_other_names() {
        let cohere = is("cohere", "command-a");
        assert_eq!(name("cohere_chat/command-a", None, None), cohere);
        let twice = name("cohere_chat/command-a", Some("cohere_chat"), None);
        assert_eq!(twice, cohere);
        assert_eq!(name("ollama_chat/qwen3", None, None), is("ollama", "qwen3"));
    }

    #[test]
    fn what_is_not_built_says_so() {
        for model in ["watsonx/granite", "snowflake/llama3.1", "gigachat/pro"] {
            let prefix = model.split('/').next().unwrap();
            assert_eq!(
                name(model, None, None),
                Err(format!("the provider `{prefix}` is not supported yet"))
            );
        }
        assert_eq!(
            name("openai/responses/gpt-5", None, None),
            Err(
                "the Responses interface of `openai/responses/gpt-5` is not supported yet"
                    .to_owned()
            )
        );
    }

    #[test]
    fn what_is_built_is_not_put_off() {
        let built: Vec<_> = LATER
            .into_iter()
            .filter(|name| provider::find(name).is_some())
            .collect();
        assert_eq!(built, [""; 0]);
    }

    #[test]
    fn an_unknown_prefix_is_told_the_nearest_provider() {
        assert_eq!(
            name("opnai/gpt-4o", None, None),
            Err("no provider is named `opnai`, did you mean `openai`?".to_owned())
        );
        let with_base = name("my/model", None, Some("http://llm:8000/v1")).unwrap_err();
        assert!(
            with_base.ends_with("put `openai/` in front of the model"),
            "{with_base}"
        );
    }

    #[test]
    fn a_model_from_the_environment_is_not_shown() {
        let model = Text {
            written: "os.environ/MODEL".to_owned(),
            value: "sk-secret/x".to_owned(),
        };
        let trouble = named(&Naming {
            model: &model,
            provider: None,
            base: None,
            has_base: false,
        })
        .unwrap_err();
        assert_eq!(
            trouble.to_string(),
            "no provider is named `os.environ/MODEL`"
        );
    }
}
