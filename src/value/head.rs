//! The head of an HTTP message: header fields in order, pseudo-headers among them.

use core::ops::Range;

/// Header fields as Envoy hands them over: names in lower case, values any bytes. All of them lie in
/// one text, so that a head costs two allocations, however many fields it has.
#[derive(Clone, Debug, Default)]
pub struct Head {
    text: Vec<u8>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

impl Head {
    /// A head without fields, with room for some.
    #[must_use]
    pub fn new() -> Self {
        Self {
            text: Vec::with_capacity(512),
            fields: Vec::with_capacity(20),
        }
    }

    /// A head whose fields lie somewhere in `text`, each at its two places: the name's and the
    /// value's. A place outside the text is an empty one. Names must be in lower case.
    #[must_use]
    pub fn of_parts(
        text: Vec<u8>,
        places: impl Iterator<Item = (Range<usize>, Range<usize>)>,
    ) -> Self {
        let fields = places.map(|(name, value)| Field { name, value }).collect();
        Self { text, fields }
    }

    /// The first field of that name, when its value is text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs().find(|(field, _)| *field == name.as_bytes())?;
        core::str::from_utf8(value).ok()
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        let text = |name| core::str::from_utf8(name).unwrap_or_default();
        self.pairs().map(move |(name, value)| (text(name), value))
    }

    /// All fields in order, as they are: for those who need not know that names are text.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.fields
            .iter()
            .map(|field| (self.bytes(&field.name), self.bytes(&field.value)))
    }

    /// Keeps the fields for which `keep` says so, by name and value.
    pub fn retain<F: FnMut(&[u8], &[u8]) -> bool>(&mut self, mut keep: F) {
        let mut fields = core::mem::take(&mut self.fields);
        fields.retain(|field| keep(self.bytes(&field.name), self.bytes(&field.value)));
        self.fields = fields;
    }

    /// Gives the field that value, in the place of the first of that name, or at the end.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let Some(first) = self
            .fields
            .iter()
            .position(|field| self.bytes(&field.name) == name.as_bytes())
        else {
            self.push(name, value);
            return;
        };
        let value = self.append(value.as_ref());
        let mut fields = core::mem::take(&mut self.fields);
        let mut index = 0usize;
        fields.retain(|field| {
            let keep = index <= first || self.bytes(&field.name) != name.as_bytes();
            index = index.saturating_add(1);
            keep
        });
        if let Some(field) = fields.get_mut(first) {
            field.value = value;
        }
        self.fields = fields;
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = self.append(name.as_ref());
        let value = self.append(value.as_ref());
        self.fields.push(Field { name, value });
    }

    /// Removes every field of that name.
    pub fn remove(&mut self, name: &str) {
        self.retain(|field, _| field != name.as_bytes());
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

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(bytes);
        start..self.text.len()
    }

    fn bytes(&self, place: &Range<usize>) -> &[u8] {
        self.text.get(place.clone()).unwrap_or_default()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Head {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut head = Self::new();
        for (name, value) in fields {
            head.push(name.as_ref().as_bytes(), value);
        }
        head
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Head {}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        [("a", "1"), ("b", "2"), ("a", "3")].into_iter().collect()
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
    fn removing_a_field_removes_all_of_its_name() {
        let mut head = head();
        head.remove("a");
        assert_eq!(head.iter().collect::<Vec<_>>(), [("b", &b"2"[..])]);
    }

    #[test]
    fn fields_are_found_where_a_text_has_them() {
        let head = Head::of_parts(
            b"xnamey1".to_vec(),
            [(1..5, 6..7), (1..5, 9..12)].into_iter(),
        );
        assert_eq!(
            head.iter().collect::<Vec<_>>(),
            [("name", &b"1"[..]), ("name", b"")]
        );
    }

    #[test]
    fn the_media_type_has_no_parameters() {
        let mut head = head();
        head.set("content-type", "Text/Event-Stream; charset=utf-8");
        assert_eq!(head.media_type().as_deref(), Some("text/event-stream"));
    }
}
