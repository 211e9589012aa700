//! Errors in OpenAI's form, so that every client's SDK raises what it would for OpenAI.
