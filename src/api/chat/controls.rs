//! stub
#![allow(missing_docs)]
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::value::head::Head;
use core::time::Duration;
#[derive(Debug, Default, Clone)]
pub struct Controls { pub retries: Option<u32>, pub timeout: Option<Duration>, pub stream_timeout: Option<Duration>, pub fallbacks: Option<Vec<String>>, pub context_window_fallbacks: Option<Vec<String>>, pub content_policy_fallbacks: Option<Vec<String>>, pub disable_fallbacks: bool, pub mock: Option<u8>, pub mock_response: Option<String>, pub tags: Vec<String>, pub max_tokens: Option<u64> }
impl Controls { pub fn read(_r: &ChatRequest<'_>, _h: &Head) -> Result<Self, ApiError> { Ok(Self::default()) } }
