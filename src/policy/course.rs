//! stub
#![allow(missing_docs)]
use super::{Chains, Failure, Hop, Retries, Verdict};
use crate::value::rng::Rng;
use core::time::Duration;
#[derive(Debug)]
pub struct Start { pub hop: Hop, pub retries: Option<u32>, pub chains: Option<Chains>, pub no_fallbacks: bool, pub max_fallbacks: u32, pub floor: Duration }
#[derive(Debug)]
pub struct View<'a> { pub retries: &'a Retries, pub deployment_retries: Option<u32>, pub chains: &'a Chains, pub others: usize, pub deployments: usize, pub budget: bool, pub left: Option<Duration>, pub stuck: bool }
#[derive(Debug)]
pub struct Course { start: Start }
impl Course {
    pub fn new(start: Start) -> Self { Self { start } }
    pub fn failed(&mut self, _failure: &Failure, _view: &View<'_>, _rng: &mut Rng) -> Verdict { Verdict::GiveUp }
    pub fn hop(&self) -> &Hop { &self.start.hop }
    pub fn retries(&self) -> u32 { 0 }
    pub fn fallbacks(&self) -> u32 { 0 }
}
