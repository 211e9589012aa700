//! Counts kept in a list, so that tests can ask for them.

use dragoman::gateway::meter::{Meter, Subject};
use dragoman::usage::metrics::{Counter, Gauge, Histogram, Token};
use serde_json::Value;

/// All that was counted and logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What was added.
    pub added: Vec<(Counter, Subject, u64)>,
    /// What gauges were set to, in that order.
    pub gauged: Vec<(Gauge, Subject, u64)>,
    /// What was stated for the access log.
    pub logged: Vec<Vec<u8>>,
    /// What was observed.
    pub observed: Vec<(Histogram, Subject, u64)>,
}

impl Ledger {
    /// The sum of a counter.
    #[must_use]
    pub fn total(&self, counter: Counter) -> u64 {
        let these = self.added.iter().filter(|(other, _, _)| *other == counter);
        these.map(|(_, _, by)| by).sum()
    }

    /// The sum of these tokens.
    #[must_use]
    pub fn tokens(&self, token: Token) -> u64 {
        self.total(Counter::Tokens(token))
    }

    /// Input and output tokens.
    #[must_use]
    pub fn in_out(&self) -> (u64, u64) {
        (self.tokens(Token::Input), self.tokens(Token::Output))
    }

    /// What was spent, in billionths of a dollar.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.total(Counter::CostNanousd)
    }

    /// Operation and status of every request that was counted.
    #[must_use]
    pub fn requests(&self) -> Vec<(&'static str, u16)> {
        let request = |(counter, _, by): &(Counter, Subject, u64)| match counter {
            Counter::Requests { operation, status } => {
                assert_eq!(*by, 1, "a request counts once");
                Some((*operation, *status))
            }
            Counter::CompressedAnswers
            | Counter::Cooldowns
            | Counter::CostNanousd
            | Counter::Fallbacks { .. }
            | Counter::Retries { .. }
            | Counter::Tokens(_)
            | Counter::UnpricedRequests => None,
        };
        self.added.iter().filter_map(request).collect()
    }

    /// What a gauge shows for a subject; `None` when it was never set.
    #[must_use]
    pub fn shown(&self, gauge: Gauge, subject: Subject) -> Option<u64> {
        let this = |entry: &&(Gauge, Subject, u64)| (entry.0, entry.1) == (gauge, subject);
        self.gauged.iter().rfind(this).map(|(_, _, value)| *value)
    }

    /// What was observed for a histogram.
    #[must_use]
    pub fn observed(&self, histogram: Histogram) -> Vec<u64> {
        let these = self
            .observed
            .iter()
            .filter(|(other, _, _)| *other == histogram);
        these.map(|(_, _, value)| *value).collect()
    }

    /// What was stated last of the one exchange there was.
    ///
    /// # Panics
    /// When there was none or another, or its facts are not members of a JSON object.
    #[must_use]
    pub fn facts(&self) -> Value {
        let all: Vec<Value> = self.logged.iter().map(|facts| read(facts)).collect();
        let last = all.last().expect("an exchange was logged");
        let same = all.iter().all(|facts| facts["call_id"] == last["call_id"]);
        assert!(same, "several exchanges were logged");
        last.clone()
    }
}

fn read(facts: &[u8]) -> Value {
    let members = facts.strip_suffix(b",").expect("a comma ends the facts");
    serde_json::from_slice(&[b"{", members, b"}"].concat()).expect("facts are members")
}

impl Meter for Ledger {
    fn add(&mut self, counter: Counter, subject: Subject, by: u64) {
        self.added.push((counter, subject, by));
    }

    fn gauge(&mut self, gauge: Gauge, subject: Subject, value: u64) {
        self.gauged.push((gauge, subject, value));
    }

    fn observe(&mut self, histogram: Histogram, subject: Subject, value: u64) {
        self.observed.push((histogram, subject, value));
    }

    fn log(&mut self, facts: &[u8]) {
        self.logged.push(facts.to_vec());
    }
}
