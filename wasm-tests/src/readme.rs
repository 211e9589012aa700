//! README says what is there: providers, metrics, files.

use std::path::Path;

use dragoman::provider;
use dragoman::usage::metrics::{Counter, Gauge, Histogram, Labels, Token};

const README: &str = include_str!("../../README.md");

/// The words in code style within `text`.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn readme_names_every_compatible_provider_once_and_no_other() {
    let (_, rest) = README.split_once("<!-- providers -->").unwrap();
    let (list, _) = rest.split_once("<!-- /providers -->").unwrap();
    let table = provider::all().filter(|provider| provider.speaks_openai());
    let names: Vec<_> = table.map(|provider| provider.name()).collect();
    assert_eq!(code(list).collect::<Vec<_>>(), names);
}

#[test]
fn readme_names_every_provider_with_a_format_of_its_own() {
    for provider in provider::all().filter(|provider| !provider.speaks_openai()) {
        assert!(README.contains(&format!("(`{}`)", provider.name())));
    }
}

#[test]
fn readme_names_every_metric() {
    let labels = Labels {
        model_group: "",
        deployment: "",
        provider: "",
    };
    let requests = Counter::Requests {
        operation: "chat",
        status: 200,
    };
    let counters = [
        Counter::CompressedAnswers,
        Counter::Cooldowns,
        Counter::CostNanousd,
        Counter::Fallbacks {
            from: 0,
            reason: "",
            to: 0,
        },
        requests,
        Counter::Retries { reason: "" },
        Counter::Tokens(Token::Input),
        Counter::UnpricedRequests,
    ];
    let counters = counters.map(|counter| counter.name(&labels, |_| None));
    let gauges = Gauge::ALL.map(|gauge| gauge.name(&labels));
    let histograms = Histogram::ALL.map(|histogram| histogram.name(&labels));
    for name in counters.iter().chain(&gauges).chain(&histograms) {
        let family = name.split(';').next().unwrap();
        assert!(README.contains(&format!("`{family}`")), "{family}");
    }
}

#[test]
fn every_file_readme_links_to_is_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let links = README.split("](").skip(1);
    let links: Vec<_> = links
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link)
        .filter(|link| !link.contains("://"))
        .collect();
    assert!(links.len() > 20);
    let headings = README.lines().filter_map(|line| {
        let words = line.strip_prefix('#')?.trim_start_matches('#').trim();
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
        let words: String = words.to_lowercase().chars().filter(kept).collect();
        Some(format!("#{}", words.replace(' ', "-")))
    });
    let headings: Vec<_> = headings.collect();
    let is_there = |link: &str| match link.strip_prefix('#') {
        Some(_) => headings.iter().any(|heading| heading == link),
        None => root.join(link).exists(),
    };
    let missing: Vec<_> = links.iter().filter(|link| !is_there(link)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
