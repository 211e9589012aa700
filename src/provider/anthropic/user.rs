//! Who asks and how urgently: `user`, `metadata.user_id` and `service_tier`.

use std::borrow::Cow;

use crate::canonical::request::ChatRequest;
use crate::wire::json::{Object, Reader};

/// Writes `metadata` and `service_tier`, as far as Anthropic takes them.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>) {
    if let Some(id) = user(request).filter(|id| !is_personal(id)) {
        body.object("metadata", |metadata| metadata.string("user_id", &id));
    }
    match request
        .members
        .get("service_tier")
        .map(|member| member.value)
    {
        Some(b"\"auto\"") => body.string("service_tier", "auto"),
        Some(b"\"default\"" | b"\"standard_only\"") => body.string("service_tier", "standard_only"),
        Some(_) | None => {}
    }
}

fn user<'a>(request: &ChatRequest<'a>) -> Option<Cow<'a, str>> {
    let user = request
        .members
        .get("user")
        .and_then(|member| Reader::new(member.value).string().ok());
    let id = user.or_else(|| {
        let mut id = None;
        let metadata = request.members.get("metadata")?;
        let read = Reader::new(metadata.value).object(|reader, key| {
            let value = reader.optional_string()?;
            id = if key.is("user_id") { value } else { id };
            Ok(())
        });
        read.ok().and(id)
    });
    id.map(|id| id.decode()).filter(|id| !id.is_empty())
}

/// Whether it looks like an e-mail address or a phone number, which Anthropic refuses.
fn is_personal(id: &str) -> bool {
    let is_address = id
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let digits = id.chars().filter(char::is_ascii_digit).count();
    let rest = id.strip_prefix('+').unwrap_or(id);
    let is_phone = digits >= 7
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-' | '.'));
    is_address || is_phone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_phone_numbers_are_personal() {
        for id in [
            "a@b.example",
            "+420 777 123 456",
            "(555) 123-4567",
            "7771234567",
        ] {
            assert!(is_personal(id), "{id}");
        }
        for id in [
            "u-77",
            "user@corp",
            "12345",
            "a1b2c3d4e5f6a7b8",
            "42-customer-1234567",
        ] {
            assert!(!is_personal(id), "{id}");
        }
    }
}
