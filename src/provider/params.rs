//! Parameters of OpenAI's that a vendor cannot honour: refused by name, unless they may be dropped.

use std::borrow::Cow;

use super::Target;
use super::anthropic::fault::bad_request;
use super::anthropic::params::{IGNORED, same, stated};
use crate::canonical::error::ApiError;
use crate::canonical::request::{ChatRequest, TO_GATEWAY};

/// What a vendor makes of the members of a chat request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Params {
    /// Members that the translation reads, or that change nothing in the answer.
    pub mapped: &'static [&'static str],
    /// Members it has nothing for, and the value with which they ask for nothing.
    pub unsupported: &'static [(&'static str, &'static str)],
    /// The vendor's name.
    pub vendor: &'static str,
}

/// A member that the vendor is given as it is.
#[derive(Debug)]
pub(super) struct Forwarded<'r> {
    pub name: Cow<'r, str>,
    pub value: &'r [u8],
}

impl Params {
    /// Whether what cannot be honoured is dropped.
    pub fn drops(request: &ChatRequest<'_>, target: &Target<'_>) -> bool {
        let asked = request.members.get("drop_params");
        target.drop_params || asked.is_some_and(|member| member.value == b"true")
    }

    /// Refuses what the vendor cannot honour, unless it may be dropped. `also` tells what else it cannot, from a member's name
    /// and value.
    ///
    /// # Errors
    /// A 400 naming every such member and the way to have it dropped.
    pub fn check(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        also: impl Fn(&str, &[u8]) -> bool,
    ) -> Result<(), ApiError> {
        if Self::drops(request, target) {
            return Ok(());
        }
        let refused: Vec<String> = stated(request)
            .filter_map(|member| {
                let name = member.key.decode();
                let refused = self.refuses(&name, member.value) || also(&name, member.value);
                let refused = refused && !is_allowed(&name, target);
                refused.then(|| name.into_owned())
            })
            .collect();
        let Some(first) = refused.first() else {
            return Ok(());
        };
        let message = format!(
            "{} does not support {} for model {}; set `drop_params: true` in `litellm_settings` or in the deployment's \
             `litellm_params` to have such parameters dropped",
            self.vendor,
            refused.join(", "),
            target.model,
        );
        Err(bad_request("unsupported_parameter", first, message))
    }

    /// The members that are forwarded: those that neither OpenAI nor a gateway knows, and those the operator allows.
    pub fn forwarded<'r>(
        &self,
        request: &'r ChatRequest<'_>,
        target: &'r Target<'_>,
    ) -> impl Iterator<Item = Forwarded<'r>> {
        let named = stated(request).map(|member| Forwarded {
            name: member.key.decode(),
            value: member.value,
        });
        let known = *self;
        named.filter(move |member| {
            let name = &member.name;
            !known.knows(name) || (known.lacks(name) && is_allowed(name, target))
        })
    }

    fn knows(&self, name: &str) -> bool {
        self.mapped.contains(&name)
            || TO_GATEWAY.contains(&name)
            || IGNORED.contains(&name)
            || self.lacks(name)
    }

    fn lacks(&self, name: &str) -> bool {
        self.unsupported.iter().any(|(known, _)| *known == name)
    }

    fn refuses(&self, name: &str, value: &[u8]) -> bool {
        let unsupported = self.unsupported.iter().find(|(known, _)| *known == name);
        unsupported.is_some_and(|(_, nothing)| !same(value, nothing))
    }
}

fn is_allowed(name: &str, target: &Target<'_>) -> bool {
    target.rules.allowed.iter().any(|allowed| allowed == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Rules;
    use crate::wire::json::Members;

    const PARAMS: Params = Params {
        mapped: &["model"],
        unsupported: &[("n", "1"), ("logit_bias", "{}")],
        vendor: "vendor",
    };

    fn request(json: &str) -> ChatRequest<'_> {
        ChatRequest {
            json: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "m".into(),
            stream: false,
            include_usage: false,
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name_all_of_it() {
        let target = Target::of_model("m");
        let asked = request(r#"{"model":"m","n":2,"logit_bias":{"1":2},"odd":null,"x":1}"#);
        let error = PARAMS
            .check(&asked, &target, |name, _| name == "x")
            .unwrap_err();
        let begins = "vendor does not support n, logit_bias, x for model m;";
        assert!(error.message.starts_with(begins), "{}", error.message);
        let nothing = request(r#"{"model":"m","n":1.0,"logit_bias":{}}"#);
        assert!(PARAMS.check(&nothing, &target, |_, _| false).is_ok());
    }

    #[test]
    fn what_the_operator_allows_is_neither_refused_nor_left_out() {
        let rules = Rules {
            allowed: vec!["n".to_owned()],
            ..Rules::default()
        };
        let target = Target {
            rules: &rules,
            ..Target::of_model("m")
        };
        let asked = request(r#"{"model":"m","n":2,"logit_bias":{},"own":1}"#);
        assert!(PARAMS.check(&asked, &target, |_, _| false).is_ok());
        let sent: Vec<_> = PARAMS
            .forwarded(&asked, &target)
            .map(|sent| sent.name)
            .collect();
        assert_eq!(sent, ["n", "own"]);
    }
}
