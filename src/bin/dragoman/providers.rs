//! `dragoman providers`: who can be asked, where, with which key, and for what. All of it is asked of the providers
//! themselves.

use comfy_table::{Table, presets};
use dragoman::canonical::asked::{Asked, Line};
use dragoman::canonical::format::Format;
use dragoman::provider::{self, Provider, Target};
use dragoman::value::secret::Secret;
use dragoman::wire::json::Members;

use crate::Report;

const COLUMNS: [&str; 6] = ["name", "also", "api_base", "key", "settings", "formats"];

/// Formats beside chat, which all of them have.
const FORMATS: [Format; 11] = [
    Format::Completions,
    Format::CountTokens,
    Format::Embeddings,
    Format::Gemini,
    Format::Images,
    Format::Messages,
    Format::Moderations,
    Format::Rerank,
    Format::Responses,
    Format::Speech,
    Format::Transcriptions,
];

/// A request that every vendor can be asked for.
const BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"input":"hi","prompt":"hi","query":"hi","documents":["hi"],"max_tokens":1}"#;
/// A form that says no more.
const FORM: &str = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n";
/// A key to be looked for.
const KEY: &str = "THE-KEY";

/// Lists them.
pub fn run() -> Report {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(COLUMNS);
    let mut all: Vec<_> = provider::all().collect();
    all.sort_by_key(|provider| provider.name());
    for provider in all {
        table.add_row(row(provider));
    }
    Report {
        good: true,
        output: format!("{table}\n"),
        ..Report::default()
    }
}

fn row(provider: &dyn Provider) -> [String; 6] {
    [
        provider.name().to_owned(),
        provider.aliases().join(", "),
        provider.default_base().unwrap_or("").to_owned(),
        key(provider),
        settings(provider),
        formats(provider),
    ]
}

/// The variable of the key, and how it is presented.
fn key(provider: &dyn Provider) -> String {
    let variable = provider.key_variable().unwrap_or_default();
    match (variable, presented(provider)) {
        ("", None) => String::new(),
        (variable, None) => variable.to_owned(),
        (variable, Some(how)) => format!("{variable} ({how})"),
    }
}

fn presented(provider: &dyn Provider) -> Option<String> {
    let key = Secret::new(KEY.to_owned());
    let target = Target {
        key: Some(&key),
        ..Target::of_model("m")
    };
    let line = Line::of(Format::Chat);
    let request = asked(&line, BODY).as_chat();
    let encoded = provider.encode(&request, &target).ok()?;
    if encoded.path.contains(KEY) {
        return Some("in the path".to_owned());
    }
    let (name, value) = encoded
        .headers
        .iter()
        .find(|(_, value)| value.contains(KEY))?;
    let scheme = value.strip_suffix(KEY).unwrap_or_default().trim();
    Some(match scheme {
        "" => (*name).to_owned(),
        scheme => scheme.to_lowercase(),
    })
}

/// The keys of `litellm_params` that only it understands, with the variables that stand in for them.
fn settings(provider: &dyn Provider) -> String {
    let words = provider.settings().iter().map(|setting| {
        let variables = setting.variables.join(", ");
        match variables.as_str() {
            "" => setting.key.to_owned(),
            variables => format!("{} ({variables})", setting.key),
        }
    });
    words.collect::<Vec<_>>().join("; ")
}

/// What it is asked in the client's own words; other conversations are translated.
fn formats(provider: &dyn Provider) -> String {
    let has = |format: &&Format| {
        let mut line = Line::of(**format);
        let is_form = **format == Format::Transcriptions;
        if is_form {
            line.headers
                .push("content-type", "multipart/form-data; boundary=b");
        }
        let asked = asked(&line, if is_form { FORM } else { BODY });
        provider.native(&asked, &Target::of_model("m")).is_some()
    };
    let names = FORMATS.iter().filter(has).map(|format| format.as_str());
    let mut all = vec!["chat"];
    all.extend(names);
    all.join(", ")
}

fn asked<'a>(line: &'a Line, body: &'a str) -> Asked<'a> {
    Asked {
        format: line.format,
        body: body.as_bytes(),
        members: Members::read(body.as_bytes()).unwrap_or_default(),
        model: "m".into(),
        stream: false,
        include_usage: false,
        path: &line.path,
        method: &line.method,
        headers: &line.headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(name: &str) -> String {
        let output = run().output;
        let line = output
            .lines()
            .find(|line| line.starts_with(&format!("| {name} ")));
        line.unwrap_or_else(|| panic!("{name} is not in {output}"))
            .to_owned()
    }

    #[test]
    fn every_provider_is_listed_with_its_address_and_key() {
        for provider in provider::all() {
            let line = line_of(provider.name());
            for word in [provider.default_base(), provider.key_variable()]
                .into_iter()
                .flatten()
            {
                assert!(line.contains(word), "{word} is not in {line}");
            }
        }
    }

    #[test]
    fn how_the_key_is_presented_is_told() {
        assert!(line_of("openai").contains("OPENAI_API_KEY (bearer)"));
        assert!(line_of("anthropic").contains("ANTHROPIC_API_KEY (x-api-key)"));
        assert!(line_of("azure").contains("AZURE_API_KEY (api-key)"));
    }

    #[test]
    fn what_it_is_asked_in_the_client_s_words_is_told() {
        assert!(line_of("openai").contains("chat, completions, embeddings, images"));
        assert!(line_of("openai").contains("responses"));
        assert!(!line_of("groq").contains("responses"));
    }
}
