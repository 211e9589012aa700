//! Fixtures of requests in other formats than chat, by vendors that know them.

use dragoman::canonical::asked::Asked;
use dragoman::canonical::format::Format;
use dragoman::provider::{self, Follow, Reading};
use dragoman::value::head::Head;
use dragoman::wire::json::Members;
use serde_json::{Value, json};

use super::case::{self, Fixture, refused, same};

const FORMATS: [Format; 2] = [Format::Embeddings, Format::Rerank];

pub(super) fn check(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let format = fixture.value("format").expect("format");
    let format = FORMATS.into_iter().find(|known| format == known.as_str());
    let provider = match fixture.value("provider") {
        Some(name) => provider::find(name.as_str().expect("a name")).expect("a provider"),
        None => case::provider(name),
    };
    let (json, headers) = (fixture.request(), Head::new());
    let asked = Asked {
        format: format.expect("a format with fixtures"),
        body: json.as_bytes(),
        members: Members::read(json.as_bytes()).expect("a request is a JSON object"),
        model: "group".into(),
        stream: false,
        include_usage: false,
        path: "",
        method: "POST",
        headers: &headers,
    };
    let encoded = fixture
        .at(provider, |target| provider.native(&asked, target))
        .expect("a vendor that knows the format");
    let mut encoded = match (encoded, fixture.value("error")) {
        (Err(error), Some(expected)) => return refused(&error, &expected),
        (Err(error), None) => return Err(format!("refused: {error:?}")),
        (Ok(_), Some(_)) => return Err("not refused".to_owned()),
        (Ok(encoded), None) => encoded,
    };
    let reading = core::mem::replace(&mut encoded.reading, Reading::Openai);
    case::sent(&fixture, encoded)?;
    match (reading, fixture.raw("response")) {
        (Reading::Native(mut follow), Some(response)) => answer(&fixture, &mut *follow, response),
        (_, None) => Ok(()),
        (_, Some(_)) => Err("its answer is not followed".to_owned()),
    }
}

fn answer(fixture: &Fixture<'_>, follow: &mut dyn Follow, response: &str) -> Result<(), String> {
    let followed = match (follow.whole(response.as_bytes()), fixture.value("failure")) {
        (Err(error), Some(expected)) => return refused(&error, &expected),
        (Err(error), None) => return Err(format!("failed: {error:?}")),
        (Ok(_), Some(_)) => return Err("did not fail".to_owned()),
        (Ok(followed), None) => followed,
    };
    let counted = followed
        .usage
        .map(|usage| json!([usage.input, usage.output]));
    let usage = fixture.value("usage").filter(|usage| !usage.is_null());
    if counted != usage {
        return Err(format!("counted {counted:?}"));
    }
    let body = followed.body.unwrap_or_else(|| response.into());
    let body: Value = serde_json::from_slice(&body).map_err(|fault| fault.to_string())?;
    same(&body, &fixture.value("answer").expect("answer"))
}
