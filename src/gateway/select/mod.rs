//! stub
#![allow(missing_docs)]
use super::Context;
use core::time::Duration;
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs { pub schema: bool, pub tools: bool, pub vision: bool }
#[derive(Debug)]
pub struct Want<'a> { pub group: usize, pub tags: &'a [String], pub stream: bool, pub input_tokens: u64, pub max_tokens: Option<u64>, pub needs: Needs, pub tried: &'a [usize], pub pinned: Option<usize> }
#[derive(Debug)]
pub struct Pick { pub deployment: usize, pub probe: bool }
#[derive(Debug)]
pub enum Lack { Capability(&'static str), ContextWindow, Cooling { retry_after: Duration }, Empty, Full { retry_after: Duration }, Limited { retry_after: Duration }, Tags }
pub fn select(_want: &Want<'_>, _cx: &mut Context<'_>) -> Result<Pick, Lack> { Err(Lack::Empty) }
pub fn healthy(_group: usize, _tried: &[usize], _cx: &mut Context<'_>) -> usize { 0 }
