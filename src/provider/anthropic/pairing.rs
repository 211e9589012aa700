//! Calls and results brought together: Anthropic wants exactly one result for each call, at the head of the next turn.

use super::block::{Answered, Block, ToolResult, What, Words};
use super::turns::{Role, Turn};

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Made {
    /// The id sent.
    pub id: String,
    /// The client's id, by which its result is known.
    pub theirs: String,
}

/// Gives every call its result. Calls without one are answered for the client; results without a call become text.
pub(super) fn answer_calls(turns: &mut Vec<Turn<'_>>) {
    let mut calls: Vec<Made> = Vec::new();
    let mut at = 0_usize;
    while at <= turns.len() {
        let role = turns.get(at).map(|turn| turn.role);
        if !calls.is_empty() && role != Some(Role::User) {
            turns.insert(
                at,
                Turn {
                    role: Role::User,
                    blocks: Vec::new(),
                    calls: Vec::new(),
                },
            );
        }
        if let Some(turn) = turns.get_mut(at) {
            if turn.role == Role::User {
                turn.blocks = matched(
                    core::mem::take(&mut turn.blocks),
                    core::mem::take(&mut calls),
                );
            }
            calls.clone_from(&turn.calls);
        }
        at = at.saturating_add(1);
    }
}

/// The blocks of a user's turn with its results in front, under the ids of the calls.
fn matched<'a>(blocks: Vec<Block<'a>>, calls: Vec<Made>) -> Vec<Block<'a>> {
    let mut open = calls;
    let mut results = Vec::with_capacity(blocks.len());
    let mut others = Vec::new();
    for block in blocks {
        match block {
            Block {
                cache,
                what: What::ToolResult(result),
            } => match take(&mut open, &result.id) {
                Some(call) => {
                    let what = What::ToolResult(ToolResult {
                        id: call.id,
                        ..result
                    });
                    results.push(Block { cache, what });
                }
                None => orphan(result, &mut others),
            },
            Block { cache, what } => others.push(Block { cache, what }),
        }
    }
    results.extend(open.into_iter().map(unanswered));
    results.append(&mut others);
    results
}

/// The first open call of that id.
fn take(open: &mut Vec<Made>, theirs: &str) -> Option<Made> {
    let at = open.iter().position(|call| call.theirs == theirs)?;
    Some(open.remove(at))
}

fn unanswered<'a>(call: Made) -> Block<'a> {
    let content = Answered::Words(Words::Ours("[no result]".to_owned()));
    Block::new(What::ToolResult(ToolResult {
        id: call.id,
        content,
        is_error: true,
    }))
}

/// A result of no call is told as text, so that what it says is not lost.
fn orphan<'a>(result: ToolResult<'a>, others: &mut Vec<Block<'a>>) {
    match result.content {
        Answered::Words(words) => others.push(Block::ours(format!(
            "Tool result ({}): {}",
            result.id,
            words.decode()
        ))),
        Answered::Blocks(mut blocks) => {
            others.push(Block::ours(format!("Tool result ({}):", result.id)));
            others.append(&mut blocks);
        }
    }
}
