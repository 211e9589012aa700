//! stub
#![allow(missing_docs, clippy::all)]
use super::Context;
use core::time::Duration;
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    pub schema: bool,
    pub tools: bool,
    pub vision: bool,
}
#[derive(Debug)]
pub struct Want<'a> {
    pub group: usize,
    pub tags: &'a [String],
    pub stream: bool,
    pub input_tokens: u64,
    pub max_tokens: Option<u64>,
    pub needs: Needs,
    pub tried: &'a [usize],
    pub pinned: Option<usize>,
}
#[derive(Debug)]
pub struct Pick {
    pub deployment: usize,
    pub probe: bool,
}
#[derive(Debug)]
pub enum Lack {
    Capability(&'static str),
    ContextWindow,
    Cooling { retry_after: Duration },
    Empty,
    Full { retry_after: Duration },
    Limited { retry_after: Duration },
    Tags,
}
pub fn select(want: &Want<'_>, cx: &mut Context<'_>) -> Result<Pick, Lack> {
    let group = cx.plan.groups.get(want.group).ok_or(Lack::Empty)?;
    if let Some(deployment) = want.pinned {
        return Ok(Pick {
            deployment,
            probe: false,
        });
    }
    let all = group.deployments.iter().all(|d| want.tried.contains(d));
    let weights: Vec<f64> = group
        .deployments
        .iter()
        .zip(&group.weights)
        .map(|(d, w)| {
            if !all && want.tried.contains(d) {
                0.0
            } else {
                *w
            }
        })
        .collect();
    let offset = crate::routing::simple_shuffle(&weights, cx.rng).ok_or(Lack::Empty)?;
    Ok(Pick {
        deployment: group.deployments.get(offset).copied().unwrap_or_default(),
        probe: false,
    })
}
pub fn healthy(group: usize, tried: &[usize], cx: &mut Context<'_>) -> usize {
    cx.plan.groups.get(group).map_or(0, |g| {
        g.deployments.iter().filter(|d| !tried.contains(d)).count()
    })
}
