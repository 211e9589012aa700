//! What the tree must look like: read from the sources, so that it stays true.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected should stop"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// What each folder may import besides itself: what stands below it, and not what stands next to it, but for
/// `canonical`, whose answers state their usage.
const LAYERS: [(&str, &[&str]); 12] = [
    ("api", &["canonical", "usage", "value", "wire"]),
    ("canonical", &["usage", "value", "wire"]),
    (
        "config",
        &[
            "canonical",
            "policy",
            "provider",
            "routing",
            "usage",
            "value",
            "wire",
        ],
    ),
    (
        "gateway",
        &[
            "api",
            "canonical",
            "config",
            "policy",
            "provider",
            "routing",
            "state",
            "usage",
            "value",
            "wire",
        ],
    ),
    ("host", &["config", "gateway", "state", "usage", "value"]),
    ("policy", &["canonical", "state", "value"]),
    ("provider", &["canonical", "usage", "value", "wire"]),
    ("routing", &["state", "usage", "value"]),
    ("state", &["value"]),
    ("usage", &["value", "wire"]),
    ("value", &[]),
    ("wire", &["value"]),
];

/// The longest a file may be, its tests not counted.
const LONGEST: usize = 400;

struct Source {
    /// Below `src`, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// The top-level folder or file it belongs to.
    fn layer(&self) -> &str {
        self.path
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
    }

    /// Its lines outside comments and before its tests.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text
            .lines()
            .take_while(|line| *line != "mod tests {")
            .map(|line| line.split("//").next().unwrap_or_default())
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("below src");
                found.push(Source {
                    path: name.to_str().expect("a name").replace('\\', "/"),
                    text: fs::read_to_string(&path).expect("a source"),
                });
            }
        }
    }
    assert!(found.len() > 50, "these are not the sources");
    found
}

/// The modules that stand behind `crate::` in a line, lists in braces included.
fn imports(line: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let names = rest.strip_prefix('{').unwrap_or(rest);
        let word = |text: &str| -> String {
            let letters = text.trim().chars();
            letters
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect()
        };
        if rest.starts_with('{') {
            modules.extend(names.split(',').map(word).filter(|name| !name.is_empty()));
        } else {
            modules.push(word(names));
        }
    }
    modules
}

/// Every place where `is_wrong` finds something, as one text.
fn faults(is_wrong: impl Fn(&Source) -> Vec<String>) -> String {
    let faults = |source: &Source| -> Vec<String> {
        let faults = is_wrong(source).into_iter();
        faults
            .map(|fault| format!("src/{}: {fault}", source.path))
            .collect()
    };
    sources()
        .iter()
        .flat_map(faults)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Lines that contain one of these words.
fn lines_with(source: &Source, words: &[&str]) -> Vec<String> {
    let has = |line: &&str| words.iter().any(|word| line.contains(word));
    source
        .code()
        .filter(has)
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn layers_look_down_only() {
    let found = faults(|source| {
        // The operator's command uses the library under its name; `lib.rs` is the map of all.
        if matches!(source.layer(), "bin" | "lib") {
            return Vec::new();
        }
        let layer = LAYERS.iter().find(|(name, _)| *name == source.layer());
        let Some((own, below)) = layer else {
            return vec!["a folder that has no place among the layers".to_owned()];
        };
        let modules = source.code().flat_map(imports);
        modules
            .filter(|module| module != own && !below.contains(&module.as_str()))
            .map(|module| format!("{own} must not know {module}"))
            .collect()
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn imports_are_found_however_they_are_spelled() {
    assert_eq!(imports("use crate::usage::Usage;"), ["usage"]);
    assert_eq!(
        imports("use crate::{api::chat, config};"),
        ["api", "config"]
    );
    assert_eq!(
        imports("fn x(a: crate::host::A) -> crate::wire::B {"),
        ["host", "wire"]
    );
}

#[test]
fn nothing_climbs_out_of_its_folder_but_by_name() {
    let found = faults(|source| {
        let depth = source.path.matches('/').count();
        let climbs = |line: &str| {
            let chain = |ups: &usize| line.contains(&"super::".repeat(*ups));
            let ups = (1..9).take_while(chain).count();
            let ups = if source.path.ends_with("/mod.rs") {
                ups + 1
            } else {
                ups
            };
            ups > depth
        };
        let lines = source.code().filter(|line| line.contains("super::"));
        lines
            .filter(|line| climbs(line) && !source.path.starts_with("bin/"))
            .map(str::to_owned)
            .collect()
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn only_the_host_knows_envoy() {
    let found = faults(|source| match source.layer() {
        "host" => Vec::new(),
        _ => lines_with(source, &["proxy_wasm"]),
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn only_the_host_reads_clocks_and_chance() {
    let words = [
        "SystemTime",
        "Instant",
        "getrandom",
        "std::env::var",
        "std::thread",
        "std::fs",
    ];
    let found = faults(|source| match source.layer() {
        "bin" | "host" => Vec::new(),
        _ => lines_with(source, &words),
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn the_library_prints_nothing() {
    let words = ["println!", "print!", "dbg!"];
    let found = faults(|source| match source.layer() {
        "bin" => Vec::new(),
        _ => lines_with(source, &words),
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn every_file_says_why_it_exists() {
    let found = faults(|source| {
        let says = source.text.starts_with("//! ");
        (!says)
            .then(|| "does not begin with //!".to_owned())
            .into_iter()
            .collect()
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let found = faults(|source| {
        let lines = source.code().count();
        let long = lines > LONGEST && !source.is_test();
        long.then(|| format!("{lines} lines")).into_iter().collect()
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn there_is_one_list_of_providers_and_one_table_of_compatible_ones() {
    let lists = faults(|source| lines_with(source, &["&dyn Provider;", "OpenaiLike;"]));
    let lists: Vec<_> = lists
        .lines()
        .filter(|line| line.contains("static ") || line.contains("const "))
        .collect();
    assert_eq!(lists.len(), 2, "{lists:?}");
    assert!(lists.iter().all(|line| line.starts_with("src/provider/")));
}

#[test]
fn nobody_but_the_provider_folder_knows_a_vendor_by_name() {
    let vendors = ["anthropic::", "openai_like::"];
    let found = faults(|source| match source.layer() {
        // The command names the vendors whose keys it asks for; token counts have a file per vendor.
        "bin" | "provider" | "usage" => Vec::new(),
        _ => lines_with(source, &vendors),
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn every_folder_of_the_library_has_a_place_among_the_layers() {
    let lib = sources()
        .into_iter()
        .find(|source| source.path == "lib.rs")
        .expect("lib.rs");
    let mut modules: Vec<String> = lib
        .code()
        .filter_map(|line| {
            line.trim_start_matches("pub ")
                .strip_prefix("mod ")?
                .strip_suffix(';')
                .map(str::to_owned)
        })
        .collect();
    modules.sort();
    let layers: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(modules, layers);
}
