//! Golden fixtures: what a vendor must be sent, and what clients must be sent for what it answers.
//!
//! A folder per provider, a file per case; the suffix says what is tested:
//!
//! - `.request.json`: `model`, `request` in OpenAI's format, and either `expected`, the body for the vendor, or `error`, the
//!   members of the refusal that matter. Optional: `drop_params`, `max_output`, `options` that only the vendor
//!   understands, `allowed` parameters, `key`, `authority` and `base_path` of the deployment, `headers` and the `path` that must be
//!   set, and `contains`, spellings that must stand in the body.
//! - `.answer.json`: `response` of the vendor and the `expected` answer to the client, or `error`. Optional: `model` and
//!   `request`, what was asked.
//! - `.failure.json`: `status`, `headers` and `body` with which the vendor refuses, and the `error` for the client.
//! - `.native.json`: a `request` of another `format`, the deployment's `provider` where the folder does not tell, what is
//!   `expected` as in `.request.json`, and where the vendor gives a `response`, the `answer` to the client, the `usage` (prompt
//!   and completion) counted, or the `failure`.
//! - `.frames.json` in the place of `.sse`: a list of AWS frames. Each has an `event`, an `exception` or an `error` (a code with its
//!   `message`), and a `payload`; one that is `broken` has a flipped bit.
//! - `.sse`, or `.jsonl` for JSON lines, with `.chunks.json` of the same name: the vendor's stream, and the `expected`
//!   chunks without the members that all of them share. Optional: `model` and `request`; `ends` with an error where it does
//!   not end with `[DONE]`.
//!
//! A folder per format that clients speak besides chat (`messages`, `responses`, `gemini-in`, `completions`), with
//!
//! - `.tochat.json`: the client's `request`, and either `expected`, what it is in chat's format, or `error`. Optional: `model`,
//!   `path` and `stream`, where its path says them, and `contains`.
//! - `.reply.json`: the vendor's `answer` and the `expected` one to the client. The vendor speaks OpenAI's format unless
//!   `provider` names another. Optional: `request`.
//! - `.events.json`: the vendor's stream, as `chunks` in OpenAI's framing (`done`: false where the end is missing) or as it is
//!   in `sse`, and the `expected` data of each event to the client. Optional: `request` and `provider`.

mod case;
mod client;
mod features;
mod frames;
mod native;
mod stream;

use std::collections::BTreeMap;

use include_dir::{Dir, File, include_dir};

static FIXTURES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/golden");

/// What became of all fixtures.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One line for each that failed.
    pub failures: Vec<String>,
    /// For each folder, how many passed that show what each of README's columns is about.
    proofs: BTreeMap<String, Vec<usize>>,
    /// How many were run.
    pub run: usize,
}

impl Outcome {
    /// README's table: a row for each folder, a column for each feature.
    #[must_use]
    pub fn table(&self) -> String {
        let titles: Vec<_> = features::names().collect();
        let line = titles.iter().map(|_| "--:|").collect::<String>();
        let head = format!("| fixtures of | {} |\n|---|{line}\n", titles.join(" | "));
        let rows = self.proofs.iter().map(|(folder, counts)| {
            let counts = counts.iter().map(|count| match count {
                0 => "–".to_owned(),
                count => count.to_string(),
            });
            format!(
                "| {folder} | {} |\n",
                counts.collect::<Vec<_>>().join(" | ")
            )
        });
        rows.fold(head, |table, row| table + &row)
    }

    fn prove(&mut self, name: &str, text: &str) {
        let folder = name.split(['/', '\\']).next().unwrap_or_default();
        let shown = features::of(name, text);
        let counts = self.proofs.entry(folder.to_owned()).or_default();
        counts.resize(shown.len(), 0);
        for (count, shown) in counts.iter_mut().zip(shown) {
            *count += usize::from(shown);
        }
    }
}

/// Runs every fixture.
#[must_use]
pub fn run() -> Outcome {
    let mut outcome = Outcome::default();
    for file in files(&FIXTURES) {
        let name = file.path().display().to_string();
        let text = file.contents_utf8().expect("fixtures are text");
        let result = if name.ends_with(".request.json") {
            case::request(&name, text)
        } else if name.ends_with(".answer.json") {
            case::answer(&name, text)
        } else if name.ends_with(".failure.json") {
            case::failure(&name, text)
        } else if name.ends_with(".native.json") {
            native::check(&name, text)
        } else if name.ends_with(".chunks.json") {
            let beside = |end: &str| {
                let name = name.replace(".chunks.json", end);
                FIXTURES.get_file(name).and_then(File::contents_utf8)
            };
            match (
                beside(".sse").or_else(|| beside(".jsonl")),
                beside(".frames.json"),
            ) {
                (Some(sse), _) => stream::check(&name, text, sse),
                (None, Some(list)) => stream::check_bytes(&name, text, &frames::bytes(list)),
                (None, None) => panic!("{name}: chunks need a stream"),
            }
        } else if name.ends_with(".tochat.json") {
            client::to_chat(&name, text)
        } else if name.ends_with(".reply.json") {
            client::reply(&name, text)
        } else if name.ends_with(".events.json") {
            client::events(&name, text)
        } else {
            continue;
        };
        outcome.run += 1;
        if result.is_ok() {
            outcome.prove(&name, text);
        }
        outcome
            .failures
            .extend(result.err().map(|fault| format!("{name}: {fault}")));
    }
    outcome
}

/// The names of the fixtures in this module, so that a test can tell when one on disk is missing.
#[must_use]
pub fn names() -> Vec<String> {
    files(&FIXTURES)
        .iter()
        .map(|file| file.path().display().to_string())
        .collect()
}

/// The texts of the fixtures whose names end like this, to begin from where tests make up their own.
#[must_use]
pub fn texts(end: &str) -> Vec<&'static str> {
    let mut files = files(&FIXTURES);
    files.retain(|file| file.path().display().to_string().ends_with(end));
    let text = |file: &'static File<'static>| file.contents_utf8().expect("fixtures are text");
    files.into_iter().map(text).collect()
}

fn files(dir: &'static Dir<'static>) -> Vec<&'static File<'static>> {
    let mut all: Vec<_> = dir.files().collect();
    all.extend(dir.dirs().flat_map(files));
    all.sort_by_key(|file| file.path());
    all
}
