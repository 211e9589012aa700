//! How the stand-in is told to misbehave: by the name of the model, or by the admin endpoint.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Deviations from a good answer. The default deviates in nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// The body that goes with `status`; without it an error in the vendor's shape.
    pub body: Option<String>,
    /// Size of each content chunk of a stream, in bytes.
    pub chunk_bytes: Option<usize>,
    /// Pause before each content chunk of a stream.
    pub chunk_delay_ms: u64,
    /// How many content chunks a stream has.
    pub chunks: Option<usize>,
    /// A comment is the first thing in a stream.
    pub comment_first: bool,
    /// The content type, whatever the body is.
    pub content_type: Option<String>,
    /// CRLF ends the lines of a stream.
    pub crlf: bool,
    /// The connection is reset after so many content chunks.
    pub cut_after_chunks: Option<usize>,
    /// The connection is reset after the response headers.
    pub cut_after_headers: bool,
    /// Pause before the response headers.
    pub delay_ms: u64,
    /// 401 with the very key received in its message and in the header `x-received-key`.
    pub echo_key: bool,
    /// 200 with no body.
    pub empty_200: bool,
    /// The answer ends cleanly after so many content chunks, without anything that says it is complete.
    pub end_after_chunks: Option<usize>,
    /// An error event after so many content chunks; nothing follows it.
    pub error_event_after: Option<usize>,
    /// 200, and then an error event as the first event.
    pub error_event_first: bool,
    /// Compressed, whether the client accepts that or not.
    pub gzip: bool,
    /// More response headers.
    pub headers: BTreeMap<String, String>,
    /// 200 with a page for humans.
    pub html_200: bool,
    /// An event that is not JSON after so many content chunks; the stream goes on.
    pub malformed_frame_after: Option<usize>,
    /// An event that is not JSON as the first event; the stream goes on.
    pub malformed_frame_first: bool,
    /// The stream ends cleanly without its last event.
    pub no_terminal: bool,
    /// No usage anywhere.
    pub no_usage: bool,
    /// 302 to this address.
    pub redirect: Option<String>,
    /// The connection is reset before anything is sent.
    pub reset_before_headers: bool,
    /// The connection is reset when half of the answer is sent.
    pub reset_mid_body: bool,
    /// Bytes of a stream per write, so that cuts fall anywhere.
    pub split_bytes: Option<usize>,
    /// Nothing more is sent after so many content chunks, and the connection stays open.
    pub stall_after_chunks: Option<usize>,
    /// Nothing is sent after the response headers, and the connection stays open.
    pub stall_after_headers: bool,
    /// An answer with this status instead of the good one.
    pub status: Option<u16>,
    /// Members the vendor does not know are refused, as OpenAI itself does.
    pub strict: bool,
    /// The usage object to send, as it is.
    pub usage: Option<Value>,
    /// In a stream of OpenAI's format, usage rides on the last chunk that has a choice, asked for or not.
    pub usage_on_finish: bool,
}

impl Behaviour {
    /// The pause before the response headers.
    pub fn delay(&self) -> Option<Duration> {
        (self.delay_ms > 0).then(|| Duration::from_millis(self.delay_ms))
    }
}

/// The behaviour a model name beginning with `fault-` stands for; `None` for names that mean nothing.
/// A number at the end is an argument: `fault-429`, `fault-delay-500`, `fault-chunks-200`.
pub fn named(model: &str) -> Option<Behaviour> {
    let name = model.strip_prefix("fault-")?;
    let (word, number) = match name.rsplit_once('-') {
        Some((word, digits)) if digits.parse::<u64>().is_ok() => (word, digits.parse().ok()),
        _ if name.parse::<u64>().is_ok() => ("status", name.parse().ok()),
        _ => (name, None),
    };
    let count = |default: u64| usize::try_from(number.unwrap_or(default)).unwrap_or(usize::MAX);
    let default = Behaviour::default();
    Some(match word {
        "chunks" => Behaviour {
            chunks: Some(count(100)),
            ..default
        },
        "comment" => Behaviour {
            comment_first: true,
            ..default
        },
        "crlf" => Behaviour {
            crlf: true,
            ..default
        },
        "cut" => Behaviour {
            cut_after_chunks: Some(count(2)),
            ..default
        },
        "cut-headers" => Behaviour {
            cut_after_headers: true,
            ..default
        },
        "delay" => Behaviour {
            delay_ms: number.unwrap_or(1_000),
            ..default
        },
        "echo-key" => Behaviour {
            echo_key: true,
            ..default
        },
        "empty" => Behaviour {
            empty_200: true,
            ..default
        },
        "end" => Behaviour {
            end_after_chunks: Some(count(2)),
            ..default
        },
        "error-after" => Behaviour {
            error_event_after: Some(count(2)),
            ..default
        },
        "error-first" => Behaviour {
            error_event_first: true,
            ..default
        },
        "gzip" => Behaviour {
            gzip: true,
            ..default
        },
        "html" => Behaviour {
            html_200: true,
            ..default
        },
        "malformed" => Behaviour {
            malformed_frame_after: Some(count(2)),
            ..default
        },
        "malformed-first" => Behaviour {
            malformed_frame_first: true,
            ..default
        },
        "no-terminal" => Behaviour {
            no_terminal: true,
            ..default
        },
        "no-usage" => Behaviour {
            no_usage: true,
            ..default
        },
        "redirect" => Behaviour {
            redirect: Some("http://127.0.0.1:9/elsewhere".into()),
            ..default
        },
        "reset" => Behaviour {
            reset_before_headers: true,
            ..default
        },
        "reset-mid-body" => Behaviour {
            reset_mid_body: true,
            ..default
        },
        "slow" => Behaviour {
            chunk_delay_ms: number.unwrap_or(100),
            ..default
        },
        "split" => Behaviour {
            split_bytes: Some(count(1)),
            ..default
        },
        "stall" => Behaviour {
            stall_after_chunks: Some(count(2)),
            ..default
        },
        "stall-headers" => Behaviour {
            stall_after_headers: true,
            ..default
        },
        "status" => status(number?)?,
        "usage-on-finish" => Behaviour {
            usage_on_finish: true,
            ..default
        },
        "strict" => Behaviour {
            strict: true,
            ..default
        },
        _ => return None,
    })
}

/// A vendor that limits says when to come back.
fn status(code: u64) -> Option<Behaviour> {
    let code = u16::try_from(code)
        .ok()
        .filter(|code| (200..600).contains(code))?;
    let limited = code == 429;
    let headers = limited
        .then(|| ("retry-after".to_owned(), "1".to_owned()))
        .into_iter()
        .collect();
    Some(Behaviour {
        status: Some(code),
        headers,
        ..Behaviour::default()
    })
}

/// An order given to the admin endpoint: `model` shall show `behaviour`, for so many `times`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The model it is about; `*` is any model.
    model: String,
    /// What it shall do.
    behaviour: Behaviour,
    /// How often; `None` is until further notice.
    times: Option<u32>,
}

/// The orders in force. Those with a number of times are used up first, in the order they came.
#[derive(Debug, Default)]
pub struct Orders(HashMap<String, Queue>);

#[derive(Debug, Default)]
struct Queue {
    limited: VecDeque<(Behaviour, u32)>,
    standing: Option<Behaviour>,
}

impl Orders {
    /// Adds an order.
    pub fn place(&mut self, order: Order) {
        let queue = self.0.entry(order.model).or_default();
        match order.times {
            Some(times) => queue.limited.push_back((order.behaviour, times)),
            None => queue.standing = Some(order.behaviour),
        }
    }

    /// What `model` shall do this time.
    pub fn take(&mut self, model: &str) -> Option<Behaviour> {
        [model, "*"]
            .into_iter()
            .find_map(|name| self.0.get_mut(name)?.take())
    }

    /// What `model` does until further notice.
    pub fn standing(&self, model: &str) -> Option<&Behaviour> {
        [model, "*"]
            .into_iter()
            .find_map(|name| self.0.get(name)?.standing.as_ref())
    }

    /// Forgets all orders.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Queue {
    fn take(&mut self) -> Option<Behaviour> {
        while let Some((behaviour, left)) = self.limited.front_mut() {
            if let Some(rest) = left.checked_sub(1) {
                *left = rest;
                return Some(behaviour.clone());
            }
            self.limited.pop_front();
        }
        self.standing.clone()
    }
}

/// The members of `object` not among `known`.
pub fn unknown<'a>(object: &'a Map<String, Value>, known: &[&str]) -> Option<&'a str> {
    object
        .keys()
        .map(String::as_str)
        .find(|key| !known.contains(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(value: Value) -> Order {
        serde_json::from_value(value).expect("an order")
    }

    #[test]
    fn a_model_name_ending_in_a_number_passes_it_to_the_fault() {
        assert_eq!(named("fault-503").and_then(|b| b.status), Some(503));
        assert_eq!(named("fault-delay-70").map(|b| b.delay_ms), Some(70));
        assert_eq!(named("fault-cut").and_then(|b| b.cut_after_chunks), Some(2));
    }

    #[test]
    fn a_name_that_means_nothing_is_no_fault() {
        assert_eq!(
            [named("fault-tea"), named("gpt-4o"), named("fault-99")],
            [None, None, None]
        );
    }

    #[test]
    fn an_order_for_n_times_is_used_up_before_the_standing_one() {
        let mut orders = Orders::default();
        orders.place(order(json!({"model": "m", "behaviour": {"status": 500}})));
        orders.place(order(
            json!({"model": "m", "behaviour": {"status": 429}, "times": 2}),
        ));
        let seen: Vec<_> = (0..3)
            .map(|_| orders.take("m").and_then(|b| b.status))
            .collect();
        assert_eq!(seen, [Some(429), Some(429), Some(500)]);
    }

    #[test]
    fn an_order_that_names_no_known_behaviour_is_refused() {
        let misspelt = json!({"model": "m", "behaviour": {"stattus": 500}});
        assert!(serde_json::from_value::<Order>(misspelt).is_err());
    }
}
