//! Calls that come interleaved: whether one is complete, and what has come of those behind it.

/// A call that waits for its turn.
#[derive(Debug)]
pub(super) struct Pending {
    pub arguments: String,
    pub balance: Balance,
    pub id: String,
    pub index: u32,
    /// As the client knows it.
    pub name: String,
}

impl Pending {
    pub fn new(index: u32, id: &str, name: &str) -> Self {
        Self {
            arguments: String::new(),
            balance: Balance::default(),
            id: id.to_owned(),
            index,
            name: name.to_owned(),
        }
    }

    pub fn push(&mut self, fragment: &str) {
        self.arguments.push_str(fragment);
        self.balance.feed(fragment);
    }
}

/// How far the JSON of a call's arguments is, by its brackets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    begun: bool,
    depth: u32,
    escaped: bool,
    in_string: bool,
}

impl Balance {
    /// Reads on.
    pub fn feed(&mut self, fragment: &str) {
        for byte in fragment.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'[' | b'{' => {
                    self.begun = true;
                    self.depth = self.depth.saturating_add(1);
                }
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Whether every bracket is closed. What has not begun is not whole.
    pub const fn is_whole(&self) -> bool {
        self.begun && self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_whole_when_the_last_bracket_is_closed() {
        let json = r#"{"a":"}\"{","b":[1,{"c":"\\"}]}"#;
        for cut in 0..json.len() {
            let mut balance = Balance::default();
            balance.feed(&json[..cut]);
            assert!(!balance.is_whole(), "cut at {cut}");
            balance.feed(&json[cut..]);
            assert!(balance.is_whole(), "cut at {cut}");
        }
    }
}
