//! Randomness as a value: seeded once per worker, repeatable in tests, shared with nobody.

/// The `SplitMix64` generator: one word of state, every seed good. Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose numbers follow from `seed` alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `limit`, each as likely as the next; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.bits()).wrapping_mul(u128::from(limit));
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// 32 random hexadecimal digits with the dashes of a version 4 UUID (RFC 9562).
    pub fn uuid(&mut self) -> String {
        const DIGITS: [char; 16] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
        ];
        let mut bits = u128::from(self.bits()) << 64 | u128::from(self.bits());
        bits = bits & !(0xf << 76) | 0x4 << 76;
        bits = bits & !(0x3 << 62) | 0x2 << 62;
        let mut text = String::with_capacity(36);
        for place in 0..32 {
            if matches!(place, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            bits = bits.rotate_left(4);
            text.extend(DIGITS.get(usize::try_from(bits & 0xf).unwrap_or_default()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_below_the_limit_is_about_as_likely() {
        let mut rng = Rng::new(7);
        let mut hits = [0u32; 5];
        for _ in 0..50_000 {
            hits[usize::try_from(rng.below(5)).unwrap()] += 1;
        }
        assert!(
            hits.iter().all(|count| (9_500..10_500).contains(count)),
            "{hits:?}"
        );
    }

    #[test]
    fn identifiers_look_like_version_4_uuids() {
        let id = Rng::new(1).uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]));
    }
}
