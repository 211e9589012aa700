//! What the gateway counts, and how each count is named so that Envoy prints it with labels.
//!
//! A Wasm filter can only give a metric a name. Envoy cuts labels out of it by the patterns in `stats_config`, so the
//! name and the patterns are two halves of one agreement and both are made here. A name reads
//! `dragoman_tokens_total;type=input;model_group=gpt-4.1;deployment=a;provider=openai` and comes out of
//! `/stats/prometheus` as `dragoman_tokens_total{type="input",model_group="gpt-4.1",…}`.

use core::fmt::Write;

/// The value of a label that the configuration does not name. A metric, once made, is never freed by Envoy, so
/// nothing a client or a provider can invent may become a label.
pub const OTHER: &str = "other";

/// Every label any metric carries.
pub const LABELS: [&str; 9] = [
    "model_group",
    "deployment",
    "provider",
    "operation",
    "status",
    "type",
    "from",
    "to",
    "reason",
];

/// What Envoy puts before the name of a metric a Wasm filter defines; it is not part of what Prometheus sees.
const SCOPE: &str = "wasmcustom.";

/// Which part of the configuration a count belongs to: configured names, or [`OTHER`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Labels<'a> {
    /// The model group's name.
    pub model_group: &'a str,
    /// The deployment's id.
    pub deployment: &'a str,
    /// The vendor's name.
    pub provider: &'a str,
}

/// A kind of token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Token {
    /// Read from the provider's cache.
    CacheRead,
    /// Written to the provider's cache.
    CacheWrite,
    /// All of the prompt.
    Input,
    /// All of the answer.
    Output,
    /// Spent on reasoning.
    Reasoning,
}

impl Token {
    /// Its value of the label `type`.
    pub fn label(self) -> &'static str {
        match self {
            Token::CacheRead => "cache_read",
            Token::CacheWrite => "cache_write",
            Token::Input => "input",
            Token::Output => "output",
            Token::Reasoning => "reasoning",
        }
    }
}

/// Something that only goes up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Counter {
    /// Answers that came compressed although that was not asked for, and so were passed on without being read.
    CompressedAnswers,
    /// Deployments sent to rest.
    Cooldowns,
    /// Money, in billionths of a US dollar.
    CostNanousd,
    /// Requests that went on to another model.
    Fallbacks {
        /// The group that failed: an index into the plan's groups.
        from: usize,
        /// What happened, in a word of ours.
        reason: &'static str,
        /// The group that comes next: an index into the plan's groups.
        to: usize,
    },
    /// Requests, by what they asked for and the status the client got.
    Requests {
        /// What was asked for: `chat` and the like.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// Attempts after the first within a group.
    Retries {
        /// What happened, in a word of ours.
        reason: &'static str,
    },
    /// Tokens.
    Tokens(Token),
    /// Requests whose price nobody knows.
    UnpricedRequests,
}

impl Counter {
    /// The name to define the metric under; `group` knows the names of the plan's groups.
    pub fn name<'a>(self, labels: &Labels<'_>, group: impl Fn(usize) -> Option<&'a str>) -> String {
        match self {
            Counter::CompressedAnswers => named("dragoman_compressed_answers_total", &[], labels),
            Counter::Cooldowns => named("dragoman_cooldowns_total", &[], labels),
            Counter::CostNanousd => named("dragoman_cost_nanousd_total", &[], labels),
            Counter::Fallbacks { from, reason, to } => {
                let of = |index| group(index).unwrap_or(OTHER);
                let own = [("from", of(from)), ("to", of(to)), ("reason", reason)];
                labelled("dragoman_fallbacks_total", own)
            }
            Counter::Requests { operation, status } => {
                let status = if (100..600).contains(&status) {
                    status.to_string()
                } else {
                    OTHER.to_owned()
                };
                named(
                    "dragoman_requests_total",
                    &[("operation", operation), ("status", &status)],
                    labels,
                )
            }
            Counter::Retries { reason } => {
                named("dragoman_retries_total", &[("reason", reason)], labels)
            }
            Counter::Tokens(token) => {
                named("dragoman_tokens_total", &[("type", token.label())], labels)
            }
            Counter::UnpricedRequests => named("dragoman_unpriced_requests_total", &[], labels),
        }
    }
}

/// Something that goes up and down.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Gauge {
    /// Whether a deployment is healthy (0), half-open (1) or resting (2).
    DeploymentState,
    /// Requests under way, of all workers.
    InFlight,
}

impl Gauge {
    /// All of them.
    pub const ALL: [Gauge; 2] = [Gauge::DeploymentState, Gauge::InFlight];

    /// The name to define the metric under.
    pub fn name(self, labels: &Labels<'_>) -> String {
        let family = match self {
            Gauge::DeploymentState => "dragoman_deployment_state",
            Gauge::InFlight => "dragoman_in_flight",
        };
        named(family, &[], labels)
    }
}

/// Something whose distribution matters.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Histogram {
    /// Time spent inside the filter, in microseconds.
    OverheadUs,
    /// From the request's arrival to the end of the answer, in milliseconds.
    RequestDurationMs,
    /// From the request's arrival to the first content of the answer, in milliseconds.
    TimeToFirstTokenMs,
}

/// Milliseconds, for answers of models that think for minutes.
const MILLISECONDS: &[u32] = &[
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000,
    300_000, 600_000,
];

impl Histogram {
    /// All of them.
    pub const ALL: [Histogram; 3] = [
        Histogram::OverheadUs,
        Histogram::RequestDurationMs,
        Histogram::TimeToFirstTokenMs,
    ];

    /// The name to define the metric under.
    pub fn name(self, labels: &Labels<'_>) -> String {
        named(self.family(), &[], labels)
    }

    /// The upper bounds of its buckets, in its unit.
    pub fn buckets(self) -> &'static [u32] {
        match self {
            Histogram::OverheadUs => &[
                10, 25, 50, 100, 200, 300, 500, 750, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000,
            ],
            Histogram::RequestDurationMs | Histogram::TimeToFirstTokenMs => MILLISECONDS,
        }
    }

    /// How every name of this histogram begins inside Envoy.
    pub fn prefix(self) -> String {
        format!("{SCOPE}{}", self.family())
    }

    fn family(self) -> &'static str {
        match self {
            Histogram::OverheadUs => "dragoman_overhead_us",
            Histogram::RequestDurationMs => "dragoman_request_duration_ms",
            Histogram::TimeToFirstTokenMs => "dragoman_time_to_first_token_ms",
        }
    }
}

/// The pattern by which Envoy finds `label` in a name: the first group is cut out of the name, the second is the value.
/// The fixed beginning lets Envoy skip the pattern for all metrics that are not ours.
pub fn pattern(label: &str) -> String {
    format!(
        "^{}dragoman_.*?(;{label}=([^;]*))",
        SCOPE.replace('.', "\\.")
    )
}

fn named(family: &str, own: &[(&str, &str)], labels: &Labels<'_>) -> String {
    let common = [
        ("model_group", labels.model_group),
        ("deployment", labels.deployment),
        ("provider", labels.provider),
    ];
    labelled(family, own.iter().copied().chain(common))
}

fn labelled<'a>(family: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut name = family.to_owned();
    for (label, value) in labels {
        name.push(';');
        name.push_str(label);
        name.push('=');
        name.push_str(&escape(value));
    }
    name
}

/// `value` as it may stand in a name. Envoy 1.40 keeps every character but the `;` that ends a value and the dots at
/// a value's end; those, control characters and `%` itself become `%` and two hexadecimal digits, as in a URL.
/// Percent-decoding gives the value back.
pub fn escape(value: &str) -> String {
    let dotless = value.trim_end_matches('.').len();
    let mut escaped = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        match u8::try_from(c) {
            Ok(byte) if c.is_ascii_control() || matches!(c, ';' | '%') || at >= dotless => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
            Ok(_) | Err(_) => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels<'_> = Labels {
        model_group: "openai/gpt 4:beta",
        deployment: "a.b",
        provider: "openai",
    };

    fn no_group(_: usize) -> Option<&'static str> {
        None
    }

    #[test]
    fn a_name_lists_its_labels_after_the_family() {
        let name = Counter::Requests {
            operation: "chat",
            status: 200,
        }
        .name(&LABELS, no_group);

        assert_eq!(
            name,
            "dragoman_requests_total;operation=chat;status=200;model_group=openai/gpt 4:beta;deployment=a.b;provider=openai"
        );
    }

    #[test]
    fn the_kind_of_token_is_a_label() {
        assert!(
            Counter::Tokens(Token::CacheRead)
                .name(&LABELS, no_group)
                .starts_with("dragoman_tokens_total;type=cache_read;")
        );
    }

    #[test]
    fn a_status_no_server_may_send_is_counted_as_other() {
        let name = Counter::Requests {
            operation: "chat",
            status: 999,
        }
        .name(&LABELS, no_group);

        assert!(name.contains(";status=other;"));
    }

    #[test]
    fn dots_slashes_colons_spaces_brackets_and_letters_stay_as_they_are() {
        let value = "gpt-4.1/a b:c[d]{e}(f)=\"g\"\\ žluť 🦀";

        assert_eq!(escape(value), value);
    }

    #[test]
    fn what_would_end_a_value_early_is_percent_encoded() {
        assert_eq!(escape("a;b=c%\n\u{7f}"), "a%3Bb=c%25%0A%7F");
    }

    #[test]
    fn dots_at_the_end_are_percent_encoded_because_envoy_drops_them() {
        assert_eq!(escape("..a.b.."), "..a.b%2E%2E");
    }

    #[test]
    fn every_label_a_name_carries_has_a_pattern() {
        let counters = [
            Counter::CompressedAnswers,
            Counter::Cooldowns,
            Counter::CostNanousd,
            Counter::Fallbacks {
                from: 0,
                reason: "timeout",
                to: 1,
            },
            Counter::Requests {
                operation: "chat",
                status: 200,
            },
            Counter::Retries { reason: "timeout" },
            Counter::Tokens(Token::Input),
            Counter::UnpricedRequests,
        ];
        let names = counters
            .map(|c| c.name(&LABELS, no_group))
            .into_iter()
            .chain(Gauge::ALL.map(|g| g.name(&LABELS)))
            .chain(Histogram::ALL.map(|h| h.name(&LABELS)));

        for name in names {
            for label in name
                .split(';')
                .skip(1)
                .filter_map(|part| part.split_once('='))
            {
                assert!(super::LABELS.contains(&label.0), "{} in {name}", label.0);
            }
        }
    }

    #[test]
    fn a_fallback_is_named_by_the_groups_it_went_from_and_to() {
        let groups = ["gpt", "claude"];
        let fallback = Counter::Fallbacks {
            from: 0,
            reason: "timeout",
            to: 1,
        };
        assert_eq!(
            fallback.name(&LABELS, |index| groups.get(index).copied()),
            "dragoman_fallbacks_total;from=gpt;to=claude;reason=timeout"
        );
    }

    #[test]
    fn buckets_rise() {
        for histogram in Histogram::ALL {
            assert!(
                histogram.buckets().is_sorted_by(|a, b| a < b),
                "{histogram:?}"
            );
        }
    }

    #[test]
    fn a_pattern_matches_only_metrics_of_ours() {
        assert_eq!(
            pattern("status"),
            r"^wasmcustom\.dragoman_.*?(;status=([^;]*))"
        );
    }
}
