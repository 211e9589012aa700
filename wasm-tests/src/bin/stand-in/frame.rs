//! Frames of AWS's event streams: headers and a payload between checksums.

use bytes::Bytes;
use flate2::Crc;

use crate::script::Event;

/// The type of a header's value: a string.
const STRING: u8 = 7;
/// Prelude, its checksum and the one at the end.
const AROUND: usize = 16;

/// An event as a frame; a name that begins with `exception:` is that of an exception.
pub fn event(event: &Event, _crlf: bool) -> Bytes {
    match event.name.unwrap_or_default().strip_prefix("exception:") {
        Some(name) => frame(
            &[(":exception-type", name), (":message-type", "exception")],
            &event.data,
        ),
        None => frame(
            &[
                (":event-type", event.name.unwrap_or_default()),
                (":message-type", "event"),
            ],
            &event.data,
        ),
    }
}

fn frame(headers: &[(&str, &str)], payload: &str) -> Bytes {
    let mut fields = Vec::new();
    for (name, value) in [(":content-type", "application/json")]
        .iter()
        .chain(headers)
    {
        fields.push(u8::try_from(name.len()).unwrap_or_default());
        fields.extend_from_slice(name.as_bytes());
        fields.push(STRING);
        fields.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        fields.extend_from_slice(value.as_bytes());
    }
    let total = payload
        .len()
        .saturating_add(fields.len())
        .saturating_add(AROUND);
    let mut frame = Vec::with_capacity(total);
    for size in [total, fields.len()] {
        frame.extend_from_slice(&u32::try_from(size).unwrap_or_default().to_be_bytes());
    }
    frame.extend_from_slice(&checksum(&frame));
    frame.extend(fields);
    frame.extend_from_slice(payload.as_bytes());
    frame.extend_from_slice(&checksum(&frame));
    frame.into()
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_without_headers_and_payload_has_the_known_checksums() {
        let mut empty = vec![0, 0, 0, 16, 0, 0, 0, 0];
        empty.extend(checksum(&empty));
        assert_eq!(empty.get(8..), Some([0x05, 0xc2, 0x48, 0xeb].as_slice()));
        empty.extend(checksum(&empty));
        assert_eq!(empty.get(12..), Some([0x7d, 0x98, 0xc8, 0xff].as_slice()));
    }
}
