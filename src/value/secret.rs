//! Text that must not be seen: it prints as dots and is compared in constant time.

use core::fmt;

use subtle::ConstantTimeEq;

/// A credential.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes charge of the text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that must send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is the secret. The time taken tells at most the secret's length.
    #[must_use]
    pub fn is(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("sk-1".to_owned())), "Secret(…)");
    }

    #[test]
    fn only_the_very_text_matches() {
        let secret = Secret::new("sk-1".to_owned());
        assert!(secret.is("sk-1"));
        assert!(!secret.is("sk-2") && !secret.is("sk-") && !secret.is("sk-11"));
    }
}
