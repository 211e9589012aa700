//! The head of an HTTP message: header fields in order, pseudo-headers among them.

/// Header fields as Envoy hands them over: names in lower case, values any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    fields: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// A head of these fields. Names must be in lower case.
    #[must_use]
    pub const fn new(fields: Vec<(String, Vec<u8>)>) -> Self {
        Self { fields }
    }

    /// The first field of that name, when its value is text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .and_then(|(_, value)| core::str::from_utf8(value).ok())
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Keeps the fields for which `keep` says so.
    pub fn retain<F: FnMut(&str, &[u8]) -> bool>(&mut self, mut keep: F) {
        self.fields.retain(|(name, value)| keep(name, value));
    }

    /// Gives the field that value, in the place of the first of that name, or at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let value = value.into();
        if let Some(place) = self.fields.iter().position(|(field, _)| field == name) {
            let mut index = 0usize;
            self.fields.retain(|(field, _)| {
                let first = index <= place;
                index = index.saturating_add(1);
                first || field != name
            });
            if let Some((_, old)) = self.fields.get_mut(place) {
                *old = value;
            }
            return;
        }
        self.fields.push((name.to_owned(), value));
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// Removes every field of that name.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(field, _)| field != name);
    }

    /// The fields, given up.
    #[must_use]
    pub fn into_fields(self) -> Vec<(String, Vec<u8>)> {
        self.fields
    }

    /// The response status, when there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.get(":status")?.parse().ok()
    }

    /// The media type of the body: the `content-type` without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.get("content-type")?;
        let media = value.split(';').next().unwrap_or_default();
        Some(media.trim().to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head::new(
            [("a", "1"), ("b", "2"), ("a", "3")]
                .map(|(name, value)| (name.to_owned(), value.into()))
                .to_vec(),
        )
    }

    #[test]
    fn setting_a_field_leaves_one_of_its_name_in_place() {
        let mut head = head();
        head.set("a", "9");
        head.set("c", "4");
        let fields: Vec<_> = head.iter().collect();
        assert_eq!(fields, [("a", &b"9"[..]), ("b", b"2"), ("c", b"4")]);
    }

    #[test]
    fn the_media_type_has_no_parameters() {
        let mut head = head();
        head.set("content-type", "Text/Event-Stream; charset=utf-8");
        assert_eq!(head.media_type().as_deref(), Some("text/event-stream"));
    }
}
