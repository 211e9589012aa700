//! How clients speak: one file per API.

pub mod chat;
