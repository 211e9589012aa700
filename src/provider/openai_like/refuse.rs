//! Members that a vendor has nothing for although they change the answer: refused by name, unless they may be dropped.

use super::edit::Wording;
use crate::canonical::error::{ApiError, Class};
use crate::provider::Target;
use crate::wire::json::{Member, Members, compact};

/// What the vendor refuses of the request, to be left out.
///
/// # Errors
/// A 400 naming all of them where they may not be dropped.
pub(super) fn refused(
    members: &Members<'_>,
    wording: &Wording<'_>,
    target: &Target<'_>,
) -> Result<Vec<&'static str>, ApiError> {
    let asked_for = |(name, nothing): &&(&'static str, &'static str)| {
        members
            .get(name)
            .is_some_and(|member| asks(member, nothing))
            && !target.rules.allows(name)
    };
    let listed = wording.quirks.refuse.iter().filter(asked_for);
    let names: Vec<&'static str> = listed.map(|(name, _)| *name).collect();
    let Some(first) = names.first() else {
        return Ok(names);
    };
    let dropped = members
        .get("drop_params")
        .is_some_and(|member| member.value == b"true");
    if target.drop_params || dropped {
        return Ok(names);
    }
    let words = format!(
        "{} does not support {} for model {}; set `drop_params: true` in `litellm_settings` or in the deployment's \
         `litellm_params` to have such parameters dropped, or name them in `allowed_openai_params` to have them sent",
        wording.provider,
        names.join(", "),
        target.model,
    );
    Err(ApiError::new(400, Class::BadRequest, words)
        .with_code("unsupported_parameter")
        .with_param(*first))
}

fn asks(member: &Member<'_>, nothing: &str) -> bool {
    let value = compact(member.value);
    !matches!(value.as_ref(), b"null" | b"[]") && value.as_ref() != nothing.as_bytes()
}
