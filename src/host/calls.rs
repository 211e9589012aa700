//! What the gateway asks of Envoy, in its own types.

use core::ops::Range;
use core::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::Status;

use super::abi::{self, Buffer, Map};
use crate::gateway::effect::{Call, Reply};
use crate::provider::rs256;
use crate::value::head::Head;
use crate::value::time::Timestamp;

/// Has the root context's `on_tick` called that often.
pub fn set_tick(period_ms: u32) {
    note("set a timer", abi::set_tick(period_ms));
}

/// The time.
pub fn now() -> Timestamp {
    Timestamp::from_nanos(abi::now())
}

/// The head of the message that a callback is about; empty when the host does not give it.
pub fn head(map: Map) -> Head {
    abi::pairs(map).map(read_pairs).unwrap_or_default()
}

/// Replaces the message's head.
pub fn set_head(map: Map, head: &Head) {
    note(
        "set headers",
        abi::set_pairs(map, &write_pairs(head.pairs())),
    );
}

/// Sets a header, in place of those of that name.
pub fn set_header(map: Map, name: &str, value: &[u8]) {
    note("set a header", abi::set_header(map, name, value));
}

/// Removes a header.
pub fn remove_header(map: Map, name: &str) {
    note("remove a header", abi::remove_header(map, name));
}

/// `size` bytes of the body that is there, from `start`.
pub fn body(buffer: Buffer, start: usize, size: usize) -> Vec<u8> {
    if size == 0 {
        return Vec::new();
    }
    abi::buffer(buffer, start, size).unwrap_or_default()
}

/// Replaces the bytes of the body that are there in this range.
pub fn set_body(buffer: Buffer, place: Range<usize>, bytes: &[u8]) {
    let size = place.end.saturating_sub(place.start);
    let done = abi::set_buffer(buffer, place.start, size, bytes);
    note("set a body", done);
}

/// Adds a header.
pub fn add_header(map: Map, name: &str, value: &str) {
    note("add a header", abi::add_header(map, name, value));
}

/// Lets the request go on upstream that is held.
pub fn continue_request() {
    note("continue a request", abi::continue_request());
}

/// Signs by RSASSA-PKCS1-v1_5 with SHA-256 under a key in PEM: Envoy does where it can (from 1.37 on), else a crate does.
pub fn sign(key: &str, text: &[u8]) -> Option<Vec<u8>> {
    signed_by_host(key, text).or_else(|| rs256::sign(key, text))
}

/// By Envoy's foreign function `sign` (`source/extensions/common/wasm/ext/sign.proto`).
fn signed_by_host(key: &str, text: &[u8]) -> Option<Vec<u8>> {
    use prost::encoding::{self, DecodeContext, WireType};
    const SIGNATURE: u32 = 2;
    let mut arguments = Vec::new();
    encoding::string::encode(1, &"sha256".to_owned(), &mut arguments);
    encoding::bytes::encode(3, &text.to_vec(), &mut arguments);
    encoding::string::encode(4, &key.to_owned(), &mut arguments);
    let result = hostcalls::call_foreign_function("sign", Some(&arguments));
    let result = result.ok().flatten()?;
    let mut rest = result.as_slice();
    let mut signature = Vec::new();
    while !rest.is_empty() {
        let (tag, kind) = encoding::decode_key(&mut rest).ok()?;
        let context = DecodeContext::default();
        let read = match (tag, kind) {
            (SIGNATURE, WireType::LengthDelimited) => {
                encoding::bytes::merge(kind, &mut signature, &mut rest, context)
            }
            _ => encoding::skip_field(kind, tag, &mut rest, context),
        };
        read.ok()?;
    }
    (!signature.is_empty()).then_some(signature)
}

/// Lets what is held of the answer go to the client.
pub fn continue_response() {
    note("continue an answer", abi::continue_response());
}

/// Ends the answer where it is.
pub fn close_response() {
    note("end an answer", abi::close_response());
}

/// Makes what is asked next about that stream; whether it is still there.
pub fn turn_to(stream: u32) -> bool {
    abi::set_context(stream).is_ok()
}

/// Makes a call; its number, by which its answer is known.
///
/// # Errors
/// When Envoy knows no such cluster.
pub fn dispatch(call: &Call) -> Result<u32, Status> {
    let headers = call
        .head
        .iter()
        .filter_map(|(name, value)| Some((name, core::str::from_utf8(value).ok()?)))
        .collect();
    hostcalls::dispatch_http_call(
        &call.cluster,
        headers,
        Some(&call.body),
        Vec::new(),
        // Envoy takes whole milliseconds, and none for no limit at all.
        call.timeout.max(Duration::from_millis(1)),
    )
}

/// Answers the client. Without response code details: by these, `local_reply_config` tells the
/// answers that are Envoy's own, which it rewords, from the gateway's, which are as they should be.
pub fn respond(reply: &Reply) {
    let headers = reply
        .headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let sent = abi::respond(
        u32::from(reply.status),
        "",
        &write_pairs(headers),
        &reply.body,
    );
    note("answer", sent);
}

/// Why Envoy itself made the answer at hand; empty or `via_upstream` when an upstream did.
pub fn response_details() -> Vec<u8> {
    abi::property(b"response\0code_details").unwrap_or_default()
}

/// The status the client was sent; `None` when it was sent none.
pub fn response_status() -> Option<u16> {
    let bytes = abi::property(b"response\0code").unwrap_or_default();
    let number = bytes
        .first_chunk::<8>()
        .map(|bytes| i64::from_le_bytes(*bytes))?;
    u16::try_from(number).ok().filter(|status| *status >= 100)
}

/// What the machine is configured with, for all plugins in it; empty when that is nothing.
pub fn machine_configuration() -> Vec<u8> {
    abi::buffer(Buffer::VmConfiguration, 0, usize::MAX).unwrap_or_default()
}

/// States the facts that the access log prints.
pub fn state_facts(facts: &[u8]) {
    note("state facts", abi::set_property(b"dragoman", facts));
}

fn note(what: &str, done: Result<(), abi::Refused>) {
    if let Err(abi::Refused(status)) = done {
        log::warn!("envoy refused to {what} (status {status})");
    }
}

/// Pairs as the ABI has them: their number, all lengths, then names and values, each with a zero
/// byte behind it; numbers are little-endian, 32 bits wide. The head keeps the bytes as they came.
fn read_pairs(bytes: Vec<u8>) -> Head {
    let (count, mut lengths) = number(&bytes).unwrap_or_default();
    let count = count.min(lengths.len() / 8);
    let mut at = count.saturating_mul(8).saturating_add(4);
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        let Some((name, value, rest)) = both(lengths) else {
            break;
        };
        lengths = rest;
        places.push((segment(&mut at, name), segment(&mut at, value)));
    }
    Head::of_parts(bytes, places.into_iter())
}

/// The place of the next `length` bytes, with the zero byte behind them passed over.
fn segment(at: &mut usize, length: usize) -> Range<usize> {
    let start = *at;
    let end = start.saturating_add(length);
    *at = end.saturating_add(1);
    start..end
}

fn both(lengths: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (name, rest) = number(lengths)?;
    let (value, rest) = number(rest)?;
    Some((name, value, rest))
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*first)).ok()?, rest))
}

fn write_pairs<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let length = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = Vec::with_capacity(1024);
    bytes.extend(length(pairs.clone().count()));
    for (name, value) in pairs.clone() {
        bytes.extend(length(name.len()));
        bytes.extend(length(value.len()));
    }
    for (name, value) in pairs {
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend_from_slice(value);
        bytes.push(0);
    }
    bytes
}
