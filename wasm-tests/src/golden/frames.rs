//! AWS's binary frames, made of what a fixture says of them.

use dragoman::wire::event_stream::framed;
use dragoman::wire::json::{Members, Reader};

/// The bytes of the frames in a `.frames.json`.
pub(super) fn bytes(list: &str) -> Vec<u8> {
    let mut all = Vec::new();
    let read = Reader::new(list.as_bytes()).array(|reader, _| {
        all.extend(frame(reader.skip()?));
        Ok(())
    });
    read.expect("frames are a list");
    all
}

fn frame(json: &[u8]) -> Vec<u8> {
    let members = Members::read(json).expect("a frame is an object");
    let text = |name: &str| {
        let member = members.get(name)?;
        Some(serde_json::from_slice::<String>(member.value).expect("a header is text"))
    };
    let payload = members
        .get("payload")
        .map_or(&b""[..], |member| member.value);
    let (content, json) = (":content-type", "application/json");
    let mut bytes = match (text("event"), text("exception"), text("error")) {
        (Some(name), ..) => framed(
            &[
                (":event-type", &name),
                (content, json),
                (":message-type", "event"),
            ],
            payload,
        ),
        (_, Some(name), _) => framed(
            &[
                (":exception-type", &name),
                (content, json),
                (":message-type", "exception"),
            ],
            payload,
        ),
        (.., Some(code)) => {
            let words = text("message").unwrap_or_default();
            framed(
                &[
                    (":error-code", &code),
                    (":error-message", &words),
                    (":message-type", "error"),
                ],
                payload,
            )
        }
        (None, None, None) => panic!("a frame is an event, an exception or an error"),
    };
    if members.get("broken").is_some() {
        let last = bytes.len() - 6;
        bytes[last] ^= 1;
    }
    bytes
}
