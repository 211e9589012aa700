//! The language between clients and providers: OpenAI's, so N formats and M vendors meet once.

pub mod answer;
pub mod asked;
pub mod embedding;
pub mod error;
pub mod format;
pub mod piece;
pub mod place;
pub mod reason;
pub mod request;
pub mod scan;
pub mod seen;
pub mod signature;
pub mod think;
pub mod tidy;
