//! `POST /v1/chat/completions`: requests in, answers and chunks out.

pub mod answer;
pub mod chunks;
