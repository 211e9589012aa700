//! What operators and clients want done about a request's parameters, whoever the vendor is: some are left out before
//! the request is worded, some are put into the vendor's words afterwards.

use std::borrow::Cow;

use crate::canonical::asked::Asked;
use crate::provider::Rules;
use crate::wire::json::{Change, Members, Splice, edit_array};

/// The rules for this request: the deployment's, with what the request itself says.
#[must_use]
pub fn rules<'r>(asked: &Asked<'_>, deployment: &'r Rules) -> Cow<'r, Rules> {
    let names = |key: &str| -> Vec<String> {
        let member = asked.members.get(key);
        let names = member.and_then(|member| serde_json::from_slice(member.value).ok());
        names.unwrap_or_default()
    };
    let (allowed, dropped) = (
        names("allowed_openai_params"),
        names("additional_drop_params"),
    );
    let extra = asked.members.get("extra_body");
    let extra = extra.and_then(|member| Members::read(member.value).ok());
    if allowed.is_empty() && dropped.is_empty() && extra.is_none() {
        return Cow::Borrowed(deployment);
    }
    let mut rules = deployment.clone();
    rules.allowed.extend(allowed);
    rules.dropped.extend(dropped);
    for member in extra.iter().flat_map(Members::iter) {
        // A text that is no UTF-8 would not have been read.
        let value = String::from_utf8_lossy(member.value).into_owned();
        rules
            .extra_body
            .push((member.key.decode().into_owned(), value));
    }
    Cow::Owned(rules)
}

/// The body without what the paths lead to; `None` when they lead nowhere. A path is made of names, with `.` between them and
/// `[*]` or `[2]` behind those of arrays.
#[must_use]
pub fn without(body: &[u8], paths: &[String]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    for path in paths {
        let edited = remove(out.as_deref().unwrap_or(body), &steps(path));
        out = edited.or(out);
    }
    out
}

/// The body with these members, which take the place of others of their names; `None` when there are none, or when the
/// body is no object.
#[must_use]
pub fn with(body: &[u8], extra: &[(String, String)]) -> Option<Vec<u8>> {
    if extra.is_empty() {
        return None;
    }
    let members = Members::read(body).ok()?;
    let mut splice = Splice::new(body, &members);
    for (at, (name, value)) in extra.iter().enumerate() {
        let is_last = !extra
            .iter()
            .skip(at.saturating_add(1))
            .any(|(later, _)| later == name);
        if !is_last {
            continue;
        }
        let mut known = members.iter().filter(|member| member.key.is(name));
        match known.next_back() {
            Some(last) => splice.replace(last, value.as_bytes().to_vec()),
            None => splice.add(name, value.as_bytes()),
        }
        known.for_each(|member| splice.remove(member));
    }
    splice.apply()
}

/// A step on the way to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'p> {
    At(usize),
    Each,
    Name(&'p str),
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, mut rest) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if !name.is_empty() {
            steps.push(Step::Name(name));
        }
        while let Some((index, tail)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        {
            steps.push(index.parse().map_or(Step::Each, Step::At));
            rest = tail;
        }
    }
    steps
}

fn remove(json: &[u8], path: &[Step<'_>]) -> Option<Vec<u8>> {
    let (step, rest) = path.split_first()?;
    let change = |value: &[u8]| match rest {
        [] => Change::Remove,
        _ => remove(value, rest).map_or(Change::Keep, Change::Replace),
    };
    match step {
        Step::At(index) => edit_array(json, |at, value| {
            if at == *index {
                change(value)
            } else {
                Change::Keep
            }
        }),
        Step::Each => edit_array(json, |_, value| change(value)),
        Step::Name(name) => {
            let members = Members::read(json).ok()?;
            let mut splice = Splice::new(json, &members);
            for member in members.iter().filter(|member| member.key.is(name)) {
                match change(member.value) {
                    Change::Keep => {}
                    Change::Remove => splice.remove(member),
                    Change::Replace(value) => splice.replace(member, value),
                }
            }
            splice.apply()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::asked::Line;
    use crate::canonical::format::Format;

    fn dropped(json: &str, paths: &[&str]) -> String {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let out = without(json.as_bytes(), &paths);
        out.map_or_else(|| json.to_owned(), |out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let json = r#"{"a":{"b":1,"c":2},"tools":[{"f":{"strict":true,"n":1}},{"f":{"strict":false}}],"x":1.10}"#;
        for (path, out) in [
            ("x", json.replace(r#","x":1.10"#, "")),
            ("a.b", json.replace(r#""b":1,"#, "")),
            (
                "tools[*].f.strict",
                json.replace(r#""strict":true,"#, "")
                    .replace(r#""strict":false"#, ""),
            ),
            ("tools[1].f.strict", json.replace(r#""strict":false"#, "")),
            (
                "tools[0]",
                json.replace(r#"{"f":{"strict":true,"n":1}},"#, ""),
            ),
        ] {
            assert_eq!(dropped(json, &[path]), out, "{path}");
        }
        assert_eq!(dropped(json, &["x", "a", "tools[*]"]), r#"{"tools":[]}"#);
    }

    #[test]
    fn a_path_that_leads_nowhere_changes_nothing() {
        let json = r#"{"a":[1],"b":2}"#;
        for path in ["c", "a.b", "b[*]", "a[5]", "", ".", "b.c.d"] {
            assert_eq!(without(json.as_bytes(), &[path.to_owned()]), None, "{path}");
        }
    }

    #[test]
    fn extra_members_take_the_place_of_others() {
        let extra = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let out = with(
            br#"{"top_k":1,"n":1,"top_k":2}"#,
            &[extra("top_k", "3"), extra("top_k", "4"), extra("x", "{}")],
        );
        assert_eq!(
            String::from_utf8(out.unwrap()).unwrap(),
            r#"{"x":{},"n":1,"top_k":4}"#
        );
        assert_eq!(with(b"{}", &[]), None);
        assert_eq!(with(b"--form", &[extra("a", "1")]), None);
    }

    #[test]
    fn a_request_adds_to_the_deployment_s_rules() {
        let body = br#"{"model":"m","allowed_openai_params":["seed"],"additional_drop_params":["user"],"extra_body":{"k":[1]}}"#;
        let line = Line::of(Format::Chat);
        let mut asked = Asked {
            format: Format::Chat,
            body,
            members: Members::read(body).unwrap(),
            model: "m".into(),
            stream: false,
            include_usage: false,
            path: "",
            method: "POST",
            headers: &line.headers,
        };
        let deployment = Rules {
            allowed: vec!["n".to_owned()],
            ..Rules::default()
        };
        let both = rules(&asked, &deployment);
        assert_eq!(both.allowed, ["n", "seed"]);
        assert_eq!(both.dropped, ["user"]);
        assert_eq!(both.extra_body, [("k".to_owned(), "[1]".to_owned())]);
        asked.members = Members::default();
        assert!(matches!(rules(&asked, &deployment), Cow::Borrowed(_)));
    }
}
