//! An access token that all workers share: the one that fetches it holds a lease for so long, and the others wait.

use core::time::Duration;

use super::record::{Reader, Record, Writer};
use crate::value::time::Timestamp;

/// Who fetches a token is given so long: a worker may die while it does.
const LEASE: Duration = Duration::from_secs(20);
/// The longest wait after failures.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest token or reason that is kept, in bytes.
const MOST: usize = 16 << 10;
/// A token is not used any more when it has but so long to live.
const LAST: Duration = Duration::from_secs(5);
/// A token is renewed when it has so long to live, if it lives long enough.
const AHEAD: Duration = Duration::from_secs(300);

/// A token, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// When it ends.
    expires: Timestamp,
    /// How often in a row fetching it has failed.
    failures: u8,
    /// Until when somebody is fetching it.
    leased: Timestamp,
    /// Whether the credential was refused.
    refused: bool,
    /// When it is to be renewed, or to be asked for again after a failure.
    renews: Timestamp,
    /// The token; empty when there is none.
    text: String,
    /// Why fetching it failed the last time.
    words: String,
}

/// How a token stands for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It cannot be had now.
    Failed {
        /// Whether the credential was refused.
        refused: bool,
        /// Why.
        words: String,
    },
    /// It is there.
    Ready(String),
    /// It is being fetched, or about to be.
    Wanted,
}

impl Token {
    /// How it stands.
    #[must_use]
    pub fn standing(self, now: Timestamp) -> Standing {
        if !self.text.is_empty() && now < self.expires {
            return Standing::Ready(self.text);
        }
        if self.failures > 0 {
            return Standing::Failed {
                refused: self.refused,
                words: self.words,
            };
        }
        Standing::Wanted
    }

    /// Whether it is time to fetch it.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.renews && now >= self.leased
    }

    /// Takes it upon oneself to fetch it; `None` when somebody else has.
    pub fn lease(&mut self, now: Timestamp) -> Option<()> {
        self.is_due(now).then(|| self.leased = now.after(LEASE))
    }

    /// It was fetched, and holds for so long.
    pub fn renewed(&mut self, text: &str, holds: Duration, now: Timestamp) {
        let ahead = AHEAD.max(holds.mul_f64(0.1)).min(holds.mul_f64(0.5));
        let last = LAST.min(holds.mul_f64(0.1));
        *self = Token {
            expires: now.after(holds.saturating_sub(last)),
            renews: now.after(holds.saturating_sub(ahead)),
            text: text.to_owned(),
            ..Token::default()
        };
    }

    /// Fetching it failed. It is tried again after a while, which grows with every failure in a row.
    pub fn failed(&mut self, refused: bool, words: &str, now: Timestamp) {
        let wait = Duration::from_secs(1_u64 << self.failures.min(6)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.leased = Timestamp::default();
        self.refused = refused;
        self.renews = now.after(wait);
        self.words = words.chars().take(500).collect();
    }
}

impl Record for Token {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        writer
            .time(self.expires)
            .u8(self.failures)
            .time(self.leased)
            .u8(u8::from(self.refused))
            .time(self.renews)
            .text(&self.text)
            .text(&self.words);
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, 1)?;
        Some(Self {
            expires: reader.time()?,
            failures: reader.u8()?,
            leased: reader.time()?,
            refused: reader.u8()? != 0,
            renews: reader.time()?,
            text: reader.text(MOST)?,
            words: reader.text(MOST)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::default().after(Duration::from_secs(seconds))
    }

    #[test]
    fn one_worker_fetches_and_the_others_wait() {
        let mut token = Token::default();
        assert_eq!(token.clone().standing(at(1)), Standing::Wanted);
        assert!(token.lease(at(1)).is_some());
        assert!(token.lease(at(2)).is_none());
        // Whoever fetched it has died.
        assert!(token.lease(at(22)).is_some());
    }

    #[test]
    fn a_token_is_renewed_ahead_of_its_end_and_used_until_then() {
        let mut token = Token::default();
        token.renewed("t", Duration::from_secs(3_600), at(0));
        assert!(!token.is_due(at(3_239)) && token.is_due(at(3_240)));
        assert!(token.lease(at(3_300)).is_some());
        let ready = Standing::Ready("t".to_owned());
        assert_eq!(token.clone().standing(at(3_594)), ready);
        assert_eq!(token.standing(at(3_596)), Standing::Wanted);
    }

    #[test]
    fn failures_are_told_and_tried_again_ever_later() {
        let mut token = Token::default();
        for (from, wait) in [(0, 1), (100, 2), (200, 4)] {
            token.lease(at(from));
            token.failed(true, "invalid_grant", at(from));
            assert!(!token.is_due(at(from + wait - 1)) && token.is_due(at(from + wait)));
        }
        let failed = Standing::Failed {
            refused: true,
            words: "invalid_grant".to_owned(),
        };
        assert_eq!(token.standing(at(201)), failed);
    }

    #[test]
    fn a_failed_renewal_leaves_the_token_as_long_as_it_holds() {
        let mut token = Token::default();
        token.renewed("t", Duration::from_secs(100), at(0));
        token.failed(false, "down", at(60));
        assert_eq!(
            token.clone().standing(at(80)),
            Standing::Ready("t".to_owned())
        );
        let is_failed = matches!(token.standing(at(99)), Standing::Failed { .. });
        assert!(is_failed);
    }

    #[test]
    fn a_record_survives_its_bytes() {
        let mut token = Token::default();
        token.renewed("žluť", Duration::from_secs(100), at(7));
        token.failed(true, "down", at(60));
        assert_eq!(Token::decode(&token.encode()), Some(token.clone()));
        let bytes = token.encode();
        assert_eq!(Token::decode(bytes.get(..bytes.len() - 1).unwrap()), None);
    }
}
