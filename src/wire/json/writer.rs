//! JSON written member by member into one buffer, so that pieces of other texts go in as they stand.

use super::text::{Text, push_string};

/// An object being written.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    begun: bool,
}

impl Object<'_> {
    /// Appends an object with the members that `fill` writes.
    pub fn write(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        out.push(b'{');
        fill(&mut Object { out, begun: false });
        out.push(b'}');
    }

    /// A member whose value `fill` appends.
    pub fn with(&mut self, key: &str, fill: impl FnOnce(&mut Vec<u8>)) {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
        push_string(self.out, key);
        self.out.push(b':');
        fill(self.out);
    }

    /// A member whose value is the JSON text `value`.
    pub fn raw(&mut self, key: &str, value: &[u8]) {
        self.with(key, |out| out.extend_from_slice(value));
    }

    /// A string.
    pub fn string(&mut self, key: &str, value: &str) {
        self.with(key, |out| push_string(out, value));
    }

    /// A string or `null`.
    pub fn nullable(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(text) => self.string(key, text),
            None => self.raw(key, b"null"),
        }
    }

    /// A string as it is spelled elsewhere.
    pub fn text(&mut self, key: &str, value: Text<'_>) {
        self.with(key, |out| value.push_to(out));
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, value: u64) {
        self.raw(key, value.to_string().as_bytes());
    }

    /// An object.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.with(key, |out| Object::write(out, fill));
    }

    /// An array.
    pub fn array(&mut self, key: &str, fill: impl FnOnce(&mut Array<'_>)) {
        self.with(key, |out| Array::write(out, fill));
    }
}

/// An array being written.
#[derive(Debug)]
pub struct Array<'o> {
    out: &'o mut Vec<u8>,
    begun: bool,
}

impl Array<'_> {
    /// Appends an array with the elements that `fill` writes.
    pub fn write(out: &mut Vec<u8>, fill: impl FnOnce(&mut Array<'_>)) {
        out.push(b'[');
        fill(&mut Array { out, begun: false });
        out.push(b']');
    }

    /// An element that `fill` appends.
    pub fn with(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
        fill(self.out);
    }

    /// An object.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        self.with(|out| Object::write(out, fill));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::Reader;

    #[test]
    fn members_and_elements_are_separated_by_commas_and_nothing_else_is() {
        let quoted = Reader::new(br#""\u00e9\"""#).string().unwrap();
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.string("a", "x\n\"");
            object.array("b", |array| {
                array.with(|out| out.extend_from_slice(b"1.10"));
                array.object(|_| ());
                array.object(|object| object.number("n", 7));
            });
            object.nullable("c", None);
            object.text("d", quoted);
        });
        let expected = r#"{"a":"x\n\"","b":[1.10,{},{"n":7}],"c":null,"d":"\u00e9\""}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
