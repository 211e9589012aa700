//! Framing without meaning: what bytes look like on the wire, whatever they say.

pub mod event_stream;
pub mod json;
pub mod lines;
pub mod multipart;
pub mod sse;
