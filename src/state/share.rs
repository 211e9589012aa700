//! What one worker has under way at one deployment, and how much it got answered lately, for the others to read.

use super::record::{Reader, Record, Writer};
use crate::value::time::Timestamp;

/// One worker's part in one deployment; only that worker writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Successes.
    pub answers: Answers,
    /// Whose it is: a share whose desk is gone is nobody's.
    pub desk: u64,
    /// Requests under way.
    pub in_flight: u32,
}

/// Successes of about the last minute: of this minute of the clock, and of the one before as much as still counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    before: u32,
    minute: u64,
    this: u32,
}

impl Answers {
    /// Adds one.
    pub fn add(&mut self, now: Timestamp) {
        *self = self.turned(now);
        self.this = self.this.saturating_add(1);
    }

    /// About how many there were in the last minute.
    #[must_use]
    pub fn number(self, now: Timestamp) -> u32 {
        let turned = self.turned(now);
        let left = 60_u64.saturating_sub(now.seconds() % 60);
        let before = u64::from(turned.before).saturating_mul(left) / 60;
        turned
            .this
            .saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }

    fn turned(self, now: Timestamp) -> Self {
        let minute = now.seconds() / 60;
        match minute.saturating_sub(self.minute) {
            0 => self,
            1 => Self {
                before: self.this,
                minute,
                this: 0,
            },
            2.. => Self {
                before: 0,
                minute,
                this: 0,
            },
        }
    }
}

impl Record for Share {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        writer
            .u64(self.desk)
            .u32(self.in_flight)
            .u64(self.answers.minute)
            .u32(self.answers.before)
            .u32(self.answers.this);
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, 1)?;
        let (desk, in_flight) = (reader.u64()?, reader.u32()?);
        let answers = Answers {
            minute: reader.u64()?,
            before: reader.u32()?,
            this: reader.u32()?,
        };
        reader.end(Self {
            answers,
            desk,
            in_flight,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::assert_round_trip;
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn successes_count_for_about_a_minute() {
        let mut answers = Answers::default();
        for second in 600..660 {
            answers.add(at(second));
        }
        assert_eq!(answers.number(at(659)), 60);
        assert_eq!(answers.number(at(690)), 30);
        assert_eq!(answers.number(at(720)), 0);
        assert_eq!(answers.number(at(9_999)), 0);
    }

    #[test]
    fn records_round_trip_and_survive_garbage() {
        let mut answers = Answers::default();
        answers.add(at(70));
        answers.add(at(130));
        assert_round_trip(&Share {
            answers,
            desk: 5,
            in_flight: 3,
        });
    }
}
