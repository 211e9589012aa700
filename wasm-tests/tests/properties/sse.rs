//! The decoder of event streams.

use dragoman::wire::sse::Decoder;
use proptest::prop_oneof;
use wasm_tests::golden;

use crate::always;
use crate::mutate::{bytes, cuts, harmed, parts};

fn decode(parts: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut decoder = Decoder::new(1 << 20);
    let mut events = Vec::new();
    for part in parts {
        let each = |event: dragoman::wire::sse::Event<'_>| {
            events.push((event.name.to_vec(), event.data.to_vec()));
        };
        decoder.push(part, each).expect("no event is that long");
    }
    decoder.finish(|event| events.push((event.name.to_vec(), event.data.to_vec())));
    events
}

#[test]
fn events_do_not_depend_on_where_any_bytes_are_cut() {
    let streams = golden::texts(".sse").into_iter().map(str::to_owned);
    let streams = prop_oneof![bytes(), harmed(streams.collect(), 6)];
    always(2000, (streams, cuts()), |(stream, cuts)| {
        assert_eq!(decode(&parts(&stream, &cuts)), decode(&[&stream]));
    });
}
