//! The host's functions by their C names (Proxy-Wasm ABI 0.2.1).
//!
//! The SDK's wrappers panic on statuses they do not expect, and a panic costs a worker all its
//! streams; they also build lists of pairs where bytes would do. So the few functions the data path
//! needs are declared here, and `calls` gives each of them a safe form.
#![allow(unsafe_code, reason = "calling the host is what this file is for")]

use core::ptr::{null, null_mut};

/// Buffers that the host holds.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Buffer {
    CallBody = 4,
    RequestBody = 0,
    ResponseBody = 1,
    VmConfiguration = 6,
}

/// Header maps that the host holds.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Map {
    Call = 6,
    Request = 0,
    Response = 2,
}

/// Kinds of metrics.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Metric {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

/// The host refused; the number is its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub u32);

const NOT_FOUND: u32 = 1;
/// The kind of stream that an HTTP request is.
const REQUEST: u32 = 0;
/// The kind of stream that an HTTP answer is.
const RESPONSE: u32 = 1;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_add_header_map_value(
        map: u32,
        key: *const u8,
        size: usize,
        value: *const u8,
        length: usize,
    ) -> u32;
    fn proxy_close_stream(kind: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_dequeue_shared_queue(queue: u32, data: *mut *mut u8, length: *mut usize) -> u32;
    fn proxy_enqueue_shared_queue(queue: u32, data: *const u8, length: usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        data: *mut *mut u8,
        length: *mut usize,
    ) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        size: usize,
        data: *mut *mut u8,
        length: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, length: *mut usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        size: usize,
        data: *mut *mut u8,
        length: *mut usize,
    ) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_register_shared_queue(name: *const u8, size: usize, queue: *mut u32) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, size: usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        key: *const u8,
        size: usize,
        value: *const u8,
        length: usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc: i32,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        data: *const u8,
        length: usize,
    ) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        size: usize,
        value: *const u8,
        length: usize,
        cas: u32,
    ) -> u32;
    fn proxy_set_property(path: *const u8, size: usize, value: *const u8, length: usize) -> u32;
}

/// Adds a header to the message that the callback is about.
pub fn add_header(map: Map, name: &str, value: &str) -> Result<(), Refused> {
    // SAFETY: the host reads both before it returns.
    check(unsafe {
        proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Ends the answer, and with it the stream.
pub fn close_response() -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_close_stream(RESPONSE) })
}

/// Lets the request go on that is held.
pub fn continue_request() -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_continue_stream(REQUEST) })
}

/// Lets what is held of the answer go on.
pub fn continue_response() -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_continue_stream(RESPONSE) })
}

pub fn define_metric(kind: Metric, name: &str) -> Result<u32, Refused> {
    let mut id = 0;
    // SAFETY: the host reads `name` and writes `id` before it returns.
    check(unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) })?;
    Ok(id)
}

/// The next message of the queue; empty when there is none.
pub fn dequeue(queue: u32) -> Vec<u8> {
    // SAFETY: the host writes both places before it returns.
    take(|data, length| unsafe { proxy_dequeue_shared_queue(queue, data, length) })
        .unwrap_or_default()
}

/// Puts a message into the queue: whoever registered it is called once the callback at hand is over.
pub fn enqueue(queue: u32, message: &[u8]) -> Result<(), Refused> {
    // SAFETY: the host reads `message` before it returns.
    check(unsafe { proxy_enqueue_shared_queue(queue, message.as_ptr(), message.len()) })
}

/// The queue of that name, whose messages come to the context that has registered it last.
pub fn register_queue(name: &str) -> Result<u32, Refused> {
    let mut queue = 0;
    // SAFETY: the host reads `name` and writes `queue` before it returns.
    check(unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), &raw mut queue) })?;
    Ok(queue)
}

pub fn buffer(buffer: Buffer, start: usize, size: usize) -> Result<Vec<u8>, Refused> {
    // SAFETY: the host writes both places before it returns.
    take(|data, length| unsafe { proxy_get_buffer_bytes(buffer as u32, start, size, data, length) })
}

pub fn now() -> u64 {
    let mut time = 0;
    // SAFETY: the host writes `time` before it returns; on failure it stays 0.
    let _ = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    time
}

pub fn pairs(map: Map) -> Result<Vec<u8>, Refused> {
    // SAFETY: the host writes both places before it returns.
    take(|data, length| unsafe { proxy_get_header_map_pairs(map as u32, data, length) })
}

/// The property at `path`, whose segments are separated by zero bytes; empty when there is none.
pub fn property(path: &[u8]) -> Result<Vec<u8>, Refused> {
    // SAFETY: the host reads `path` and writes both places before it returns.
    take(|data, length| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, length) })
}

pub fn increment(id: u32, by: i64) -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_increment_metric(id, by) })
}

/// Adds a value to a histogram, or sets a gauge to it.
pub fn record(id: u32, value: u64) -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_record_metric(id, value) })
}

pub fn remove_header(map: Map, name: &str) -> Result<(), Refused> {
    // SAFETY: the host reads `name` before it returns.
    check(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

pub fn respond(status: u32, details: &str, headers: &[u8], body: &[u8]) -> Result<(), Refused> {
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: the host reads all of them before it returns.
    check(unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

/// Makes what the host is asked for next, until the callback is over, about the stream of that number.
pub fn set_context(id: u32) -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_set_effective_context(id) })
}

pub fn set_buffer(buffer: Buffer, start: usize, size: usize, bytes: &[u8]) -> Result<(), Refused> {
    let data = if bytes.is_empty() {
        null()
    } else {
        bytes.as_ptr()
    };
    // SAFETY: the host reads `bytes` before it returns.
    check(unsafe { proxy_set_buffer_bytes(buffer as u32, start, size, data, bytes.len()) })
}

pub fn set_header(map: Map, name: &str, value: &[u8]) -> Result<(), Refused> {
    // SAFETY: the host reads both before it returns.
    check(unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub fn set_pairs(map: Map, pairs: &[u8]) -> Result<(), Refused> {
    // SAFETY: the host reads `pairs` before it returns.
    check(unsafe { proxy_set_header_map_pairs(map as u32, pairs.as_ptr(), pairs.len()) })
}

pub fn set_property(path: &[u8], value: &[u8]) -> Result<(), Refused> {
    // SAFETY: the host reads both before it returns.
    check(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// The shared record of that name and its version; empty when there is none.
pub fn shared(key: &str) -> Result<(Vec<u8>, u32), Refused> {
    let mut cas = 0;
    // SAFETY: the host reads `key` and writes all three places before it returns.
    let bytes = take(|data, length| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, length, &raw mut cas)
    })?;
    Ok((bytes, cas))
}

/// Writes the shared record of that name, if it has this version; 0 is any version.
pub fn set_shared(key: &str, value: &[u8], cas: u32) -> Result<(), Refused> {
    // SAFETY: the host reads both before it returns.
    check(unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas)
    })
}

pub fn set_tick(period_ms: u32) -> Result<(), Refused> {
    // SAFETY: no memory is shared.
    check(unsafe { proxy_set_tick_period_milliseconds(period_ms) })
}

const fn check(status: u32) -> Result<(), Refused> {
    if status == 0 {
        Ok(())
    } else {
        Err(Refused(status))
    }
}

/// What the host hands over: memory that it has allocated in ours.
fn take(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, Refused> {
    let mut data = null_mut();
    let mut length = 0;
    match call(&raw mut data, &raw mut length) {
        0 if !data.is_null() => {
            // SAFETY: the host got the memory from `proxy_on_memory_allocate`, the SDK's export,
            // which makes it a `Vec` of exactly this capacity, filled it, and keeps no pointer.
            Ok(unsafe { Vec::from_raw_parts(data, length, length) })
        }
        0 | NOT_FOUND => Ok(Vec::new()),
        status => Err(Refused(status)),
    }
}
