//! Server-sent events, read from bytes that may be cut anywhere (WHATWG HTML, §9.2.6, with the
//! tolerance that vendors' streams need).
