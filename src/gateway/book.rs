//! stub
#![allow(missing_docs, clippy::all)]
use super::Context;
use super::select::Pick;
use crate::policy::Failure;
use core::time::Duration;
#[derive(Debug)]
pub struct Sample {
    pub stream: bool,
    pub time_to_first: Option<Duration>,
    pub duration: Duration,
    pub output_tokens: u64,
    pub total_tokens: u64,
}
pub fn answered(_pick: &Pick, _sample: &Sample, _cx: &mut Context<'_>) {}
pub fn failed(_pick: &Pick, _failure: &Failure, _cx: &mut Context<'_>) {}
pub fn ended(_pick: Pick, _cx: &mut Context<'_>) {}
pub fn arrived(_cx: &mut Context<'_>) {}
pub fn left(_cx: &mut Context<'_>) {}
pub fn may_retry(_cx: &mut Context<'_>) -> bool {
    true
}
pub fn retry_began(_cx: &mut Context<'_>) {}
pub fn retry_ended(_cx: &mut Context<'_>) {}
pub fn tick(_cx: &mut Context<'_>) {}
