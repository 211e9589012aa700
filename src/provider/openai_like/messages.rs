//! The edits that messages need: members a vendor refuses, roles it does not know, shapes it does not take. Messages
//! that need none are not read at all.

use super::quirks::{Messages, Replay, Strict};
use crate::wire::json::{Change, Member, Members, Splice, edit_array, elements, quote};

/// Parts of a message that are the gateway's own: reasoning to be sent back to vendors that sign it, and whether a tool
/// failed.
const SIGNED: [&str; 4] = [
    "extra_content",
    "is_error",
    "provider_specific_fields",
    "thinking_blocks",
];
/// What stands between a call's id and the signature that rides on it.
const SIGNATURE: &str = "__thought__";

/// The messages with the edits; `None` when they need none.
pub(super) fn edited(json: &[u8], rules: &Messages) -> Option<Vec<u8>> {
    if !rules.may_concern(json) {
        return None;
    }
    let last = elements(json).len().checked_sub(1)?;
    edit_array(json, |at, message| rules.message(message, at == last))
}

impl Messages {
    /// The same for a model that thinks, or one that does not.
    pub(super) fn resolved(&self, thinks: bool) -> Self {
        let replay = match self.replay {
            Replay::Always if !thinks => Replay::Strip,
            Replay::WithCalls if !thinks => Replay::Keep,
            other => other,
        };
        Self { replay, ..*self }
    }

    /// Whether one of the edits may be needed: looking for a word is much faster than reading.
    fn may_concern(&self, json: &[u8]) -> bool {
        let has = |word: &str| memchr::memmem::find(json, word.as_bytes()).is_some();
        self.reads_all()
            || (!self.developer && has("\"developer\""))
            || (!self.cache_control && has("\"cache_control\""))
            || (self.strict >= Strict::Signed && (has(SIGNATURE) || SIGNED.into_iter().any(has)))
            || (self.strict >= Strict::Signed && has("\"image_url\""))
            || (self.replay == Replay::Strip && has("\"reasoning_content\""))
            || self.drop.iter().any(|name| has(&format!("\"{name}\"")))
            || (self.strict >= Strict::Nulls && has("null"))
    }

    fn reads_all(&self) -> bool {
        self.strict == Strict::Mistral
            || self.flatten
            || matches!(self.replay, Replay::Always | Replay::WithCalls)
    }

    fn message(&self, json: &[u8], last: bool) -> Change {
        let Ok(members) = Members::read(json) else {
            return Change::Keep;
        };
        let role = members.get("role").map_or(&b""[..], |role| role.value);
        if self.strict == Strict::Mistral && is_empty_answer(role, &members) {
            return Change::Remove;
        }
        let mut splice = Splice::new(json, &members);
        for member in members.iter() {
            self.member(member, role, &members, &mut splice);
        }
        if role == b"\"assistant\"" {
            self.reason(&members, &mut splice);
            if last && self.strict == Strict::Mistral && members.get("prefix").is_none() {
                splice.add("prefix", b"true");
            }
        }
        splice.apply().map_or(Change::Keep, Change::Replace)
    }

    fn member(
        &self,
        member: &Member<'_>,
        role: &[u8],
        members: &Members<'_>,
        splice: &mut Splice<'_, '_>,
    ) {
        let key = member.key.decode();
        if self.is_dropped(&key, member.value, role) {
            splice.remove(member);
            return;
        }
        match key.as_ref() {
            "role" if !self.developer && member.value == b"\"developer\"" => {
                splice.replace(member, b"\"system\"".to_vec());
            }
            "content" => {
                if let Some(content) = self.content(member.value, members) {
                    splice.replace(member, content);
                }
            }
            "tool_call_id" => {
                if let Some(id) = self.id(member.value) {
                    splice.replace(member, id);
                }
            }
            "tool_calls" => {
                if let Some(calls) = edit_array(member.value, |_, call| self.call(call)) {
                    splice.replace(member, calls);
                }
            }
            _ => {}
        }
    }

    fn is_dropped(&self, key: &str, value: &[u8], role: &[u8]) -> bool {
        let is_reasoning = matches!(key, "reasoning" | "reasoning_content");
        let is_nothing = value == b"null" && key != "content";
        (key == "cache_control" && !self.cache_control)
            || (self.strict >= Strict::Signed && SIGNED.contains(&key))
            || (is_reasoning && self.replay == Replay::Strip)
            || (key == "name" && role != b"\"tool\"" && self.drop.contains(&key))
            || (key != "name" && self.drop.contains(&key))
            || (is_nothing && self.strict >= Strict::Nulls)
            || (key == "content" && value == b"null" && self.strict == Strict::Nulls)
    }

    /// The content as the vendor takes it; `None` when it does already.
    fn content(&self, value: &[u8], members: &Members<'_>) -> Option<Vec<u8>> {
        if value == b"null" && self.strict == Strict::Mistral {
            return members.get("tool_calls").map(|_| b"\"\"".to_vec());
        }
        if self.flatten
            && let Some(text) = flat(value)
        {
            return Some(text);
        }
        edit_array(value, |_, part| self.part(part))
    }

    fn part(&self, json: &[u8]) -> Change {
        let Ok(members) = Members::read(json) else {
            return Change::Keep;
        };
        let mut splice = Splice::new(json, &members);
        for member in members.iter() {
            if member.key.is("cache_control") && !self.cache_control {
                splice.remove(member);
            }
            if member.key.is("image_url") && member.value.starts_with(b"\"") {
                splice.replace(member, [b"{\"url\":", member.value, b"}"].concat());
            }
            if self.strict == Strict::Mistral && member.key.is("input_audio") {
                let audio = Members::read(member.value).ok();
                if let Some(data) = audio.as_ref().and_then(|audio| audio.get("data")) {
                    splice.replace(member, data.value.to_vec());
                }
            }
        }
        splice.apply().map_or(Change::Keep, Change::Replace)
    }

    fn call(&self, json: &[u8]) -> Change {
        const KNOWN: [&str; 3] = ["function", "id", "type"];
        let Ok(members) = Members::read(json) else {
            return Change::Keep;
        };
        let mut splice = Splice::new(json, &members);
        for member in members.iter() {
            let key = member.key.decode();
            let foreign = self.strict == Strict::Mistral && !KNOWN.contains(&key.as_ref());
            let signed = self.strict >= Strict::Signed && SIGNED.contains(&key.as_ref());
            if foreign || signed {
                splice.remove(member);
            } else if key == "id"
                && let Some(id) = self.id(member.value)
            {
                splice.replace(member, id);
            } else if key == "function"
                && let Some(function) = self.function(member.value)
            {
                splice.replace(member, function);
            }
        }
        splice.apply().map_or(Change::Keep, Change::Replace)
    }

    fn function(&self, json: &[u8]) -> Option<Vec<u8>> {
        let members = Members::read(json).ok()?;
        let mut splice = Splice::new(json, &members);
        for member in members.iter() {
            if self.strict >= Strict::Signed && SIGNED.iter().any(|name| member.key.is(name)) {
                splice.remove(member);
            }
            if member.key.is("arguments") && member.value == b"\"\"" {
                splice.replace(member, b"\"{}\"".to_vec());
            }
        }
        splice.apply()
    }

    /// The id without the signature that rides on it, and as short as Mistral has it.
    fn id(&self, value: &[u8]) -> Option<Vec<u8>> {
        let id: String = serde_json::from_slice(value).ok()?;
        let plain = id.split(SIGNATURE).next().unwrap_or_default();
        let is_short = plain.len() == 9 && plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.strict == Strict::Mistral && !is_short {
            return Some(quote(&shortened(plain)));
        }
        (plain.len() < id.len()).then(|| quote(plain))
    }

    /// Vendors that think want their thoughts back; where the client has lost them, a blank will do.
    fn reason(&self, members: &Members<'_>, splice: &mut Splice<'_, '_>) {
        let wanted = match self.replay {
            Replay::Always => true,
            Replay::Keep | Replay::Strip => false,
            Replay::WithCalls => members.get("tool_calls").is_some(),
        };
        if wanted && members.get("reasoning_content").is_none() {
            splice.add("reasoning_content", b"\" \"");
        }
    }
}

/// Whether it is an answer that says nothing: Mistral refuses it.
fn is_empty_answer(role: &[u8], members: &Members<'_>) -> bool {
    let says = |name: &str| {
        let value = members
            .get(name)
            .map_or(&b"null"[..], |member| member.value);
        !matches!(value, b"null" | b"\"\"" | b"[]")
    };
    role == b"\"assistant\"" && !says("content") && !says("tool_calls")
}

/// The text of parts that are nothing else; `None` when one is.
fn flat(value: &[u8]) -> Option<Vec<u8>> {
    if !value.starts_with(b"[") {
        return None;
    }
    let mut text = String::new();
    for part in elements(value) {
        let members = Members::read(part).ok()?;
        if members.get("type")?.value != b"\"text\"" {
            return None;
        }
        let said: String = serde_json::from_slice(members.get("text")?.value).ok()?;
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&said);
    }
    Some(quote(&text))
}

/// Nine letters and digits, always the same for the same id.
fn shortened(id: &str) -> String {
    const SIGNS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut out = String::with_capacity(9);
    for _ in 0..9 {
        let at = usize::try_from(hash.checked_rem(62).unwrap_or_default()).unwrap_or_default();
        out.push(char::from(SIGNS.get(at).copied().unwrap_or(b'0')));
        hash = hash.checked_div(62).unwrap_or_default();
    }
    out
}
