//! Chance for a simulation: everything it draws follows from one seed.

use core::ops::RangeInclusive;
use core::time::Duration;

use dragoman::value::rng::Rng;

/// Draws what a simulated world leaves to chance.
#[derive(Debug)]
pub struct Dice(Rng);

impl Dice {
    /// Dice whose throws follow from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    /// A number of this range, each as likely as the next.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.0.below(range.end() - range.start() + 1)
    }

    /// True that many times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    /// One of these.
    pub fn one<T: Clone>(&mut self, all: &[T]) -> T {
        let index = self.index(all.len());
        all[index].clone()
    }

    /// An index into a list of that length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.0.below(length as u64)).expect("an index")
    }

    /// A time of so many milliseconds.
    pub fn ms(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// Randomness of its own for somebody else.
    pub const fn seed(&mut self) -> u64 {
        self.0.bits()
    }
}
