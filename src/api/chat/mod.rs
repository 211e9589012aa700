//! `POST /v1/chat/completions`: requests in, answers and chunks out.
