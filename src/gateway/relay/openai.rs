//! Streams in OpenAI's format for clients that speak it: scanned, and passed on as they are but for
//! the usage that the client did not ask for.

use core::ops::Range;

use super::{EVENT_LIMIT, Output, Relay, Seen, broken, cut_short, malformed};
use crate::canonical::error::ApiError;
use crate::canonical::scan::{self, Chunk};
use crate::canonical::tidy::{self, Tidy};
use crate::gateway::heads::blackened;
use crate::usage::Usage;
use crate::usage::estimate::Estimator;
use crate::value::secret::Secret;
use crate::wire::json::Text;
use crate::wire::sse::{Decoder, Event};

const DONE: &[u8] = b"data: [DONE]\n\n";

/// One stream.
#[derive(Debug)]
pub struct OpenaiRelay {
    decoder: Decoder,
    words: Words,
}

/// What is done with each event.
#[derive(Debug)]
struct Words {
    finished: bool,
    include_usage: bool,
    /// The vendor's name, in the light of which its errors are read.
    provider: &'static str,
    owed: Option<Vec<u8>>,
    secrets: Vec<Secret>,
    seen: Seen,
    text: Estimator,
    tidy: Tidy,
}

impl OpenaiRelay {
    /// A stream to a client that wants the usage chunk or not. The secrets are blacked out wherever
    /// they appear.
    #[must_use]
    pub fn new(provider: &'static str, include_usage: bool, secrets: Vec<Secret>) -> Self {
        Self {
            decoder: Decoder::new(EVENT_LIMIT),
            words: Words {
                finished: false,
                include_usage,
                provider,
                owed: None,
                secrets,
                seen: Seen::default(),
                text: Estimator::default(),
                tidy: Tidy::default(),
            },
        }
    }
}

impl Relay for OpenaiRelay {
    fn push(&mut self, bytes: &[u8], last: bool) -> Output {
        let mut out = Vec::new();
        // Bytes kept from before are owed to the client, those kept now are not sent yet.
        let mut same = !self.decoder.holds_bytes();
        let words = &mut self.words;
        let pushed = self
            .decoder
            .push(bytes, |event| same &= words.event(&event, &mut out));
        if pushed.is_err() {
            words.fail(malformed("an event is too long"));
        }
        same &= !self.decoder.holds_bytes() && words.seen.failure.is_none();
        if last {
            self.decoder
                .finish(|event| same &= words.event(&event, &mut out));
            same &= words.finish(&mut out);
        }
        if same {
            Output::Same
        } else {
            Output::Changed(out)
        }
    }

    fn seen(&self) -> &Seen {
        &self.words.seen
    }
}

impl Words {
    /// Words one event for the client; says whether its bytes went out as they came.
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> bool {
        if self.seen.over() {
            return false;
        }
        if event.is_done() {
            return self.done(event, out);
        }
        let chunk = match scan::chunk(event.data) {
            Ok(chunk) if !chunk.failed => chunk,
            Ok(_) => {
                self.fail(ApiError::inside(self.provider, event.data));
                return false;
            }
            Err(_) => {
                self.fail(malformed("an event is not JSON"));
                return false;
            }
        };
        if let Some(reason) = chunk
            .broken
            .filter(|_| !self.seen.content && !chunk.content)
        {
            self.fail(broken(&reason.decode()));
            return false;
        }
        let ends_odd = |reason: Text<'_>| self.tidy.is_odd_end(&reason.decode());
        let is_odd = chunk.odd
            || chunk
                .usage
                .is_some_and(|usage| tidy::usage(usage).is_some())
            || chunk.reason.is_some_and(ends_odd);
        if is_odd && let Some(data) = self.tidy.edit(event.data) {
            return self.reworded(&data, out);
        }
        self.tidy.note(chunk.calls);
        self.note(&chunk);
        self.word(event, &chunk, out)
    }

    /// Words an event that says the same in plain words.
    fn reworded(&mut self, data: &[u8], out: &mut Vec<u8>) -> bool {
        let mut raw = Vec::with_capacity(data.len().saturating_add(8));
        push_data(&mut raw, data);
        let event = Event {
            name: b"",
            data,
            raw: &raw,
        };
        if let Ok(chunk) = scan::chunk(data) {
            self.note(&chunk);
            self.word(&event, &chunk, out);
        }
        false
    }

    fn note(&mut self, chunk: &Chunk<'_>) {
        for text in &chunk.text {
            self.text.feed(text);
        }
        self.seen.text_tokens = self.text.tokens();
        self.seen.content |= chunk.content;
        self.finished |= chunk.finished;
        self.seen.withheld |= chunk.withheld;
        if let Some(usage) = chunk.usage.and_then(Usage::from_openai) {
            self.seen.usage = Some(usage);
        }
        if let Some(tier) = chunk.service_tier {
            self.seen.tier = Some(tier.decode().into_owned());
        }
    }

    fn word(&mut self, event: &Event<'_>, chunk: &Chunk<'_>, out: &mut Vec<u8>) -> bool {
        let alone = chunk.bare && chunk.usage.is_some();
        if alone && !self.include_usage {
            return false;
        }
        if alone {
            self.owed = None;
        }
        let misplaced = chunk.usage.is_some() && !chunk.bare;
        if misplaced && self.include_usage {
            self.owed = Some(usage_chunk(chunk));
        }
        let cut = misplaced || !self.include_usage;
        let place = chunk.usage_place.as_ref().filter(|_| cut);
        let edited = place.map(|place| without(event.data, place));
        self.emit(event, edited, out)
    }

    fn emit(&self, event: &Event<'_>, edited: Option<Vec<u8>>, out: &mut Vec<u8>) -> bool {
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        let data = edited.as_deref().unwrap_or(event.data);
        let clean = blackened(data, &secrets);
        match clean.or(edited) {
            None => {
                out.extend_from_slice(event.raw);
                if !ends_with_blank_line(event.raw) {
                    out.extend_from_slice(b"\n\n");
                    return false;
                }
                true
            }
            Some(data) => {
                push_data(out, &data);
                false
            }
        }
    }

    fn done(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> bool {
        let same = self.settle_debt(out);
        self.seen.complete = true;
        self.emit(event, None, out) && same
    }

    /// Sends the usage chunk that the vendor did not send by itself.
    fn settle_debt(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(chunk) = self.owed.take() else {
            return true;
        };
        push_data(out, &chunk);
        false
    }

    /// The vendor will send no more; says whether there was nothing to add.
    fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        if self.seen.over() {
            return true;
        }
        if !self.finished {
            self.fail(cut_short());
            return false;
        }
        self.settle_debt(out);
        out.extend_from_slice(DONE);
        self.seen.complete = true;
        false
    }

    fn fail(&mut self, failure: ApiError) {
        let secrets: Vec<&str> = self.secrets.iter().map(Secret::expose).collect();
        self.seen.failure = Some(failure.redacted(&secrets));
    }
}

/// Whether an event is over: a stream's last one may lack the blank line, and would run into what is sent after it.
fn ends_with_blank_line(raw: &[u8]) -> bool {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.len() < raw.len() && (line.ends_with(b"\n") || line.ends_with(b"\r"))
}

fn push_data(out: &mut Vec<u8>, data: &[u8]) {
    out.extend_from_slice(b"data: ");
    // A line feed between JSON tokens would end the field; JSON has none inside its strings.
    out.extend(data.iter().map(|byte| {
        if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            *byte
        }
    }));
    out.extend_from_slice(b"\n\n");
}

/// The object without the member at `place`, and without the comma that goes with it.
fn without(data: &[u8], place: &Range<usize>) -> Vec<u8> {
    let (head, tail) = (data.get(..place.start), data.get(place.end..));
    let (head, tail) = (head.unwrap_or_default(), tail.unwrap_or_default());
    let (head, tail) = match (
        head.trim_ascii_end().strip_suffix(b","),
        tail.trim_ascii_start().strip_prefix(b","),
    ) {
        (Some(head), _) => (head, tail),
        (None, Some(tail)) => (head, tail),
        (None, None) => (head, tail),
    };
    [head, tail].concat()
}

/// The chunk OpenAI would have sent for usage that came with a choice instead.
fn usage_chunk(chunk: &Chunk<'_>) -> Vec<u8> {
    let usage = chunk.usage.unwrap_or(b"null");
    let plain = tidy::usage(usage);
    let mut out = Vec::with_capacity(256);
    for (name, value) in [
        (&b"{\"id\":"[..], chunk.id.unwrap_or(b"\"\"")),
        (
            b",\"object\":\"chat.completion.chunk\",\"created\":",
            chunk.created.unwrap_or(b"0"),
        ),
        (b",\"model\":", chunk.model.unwrap_or(b"\"\"")),
        (
            b",\"choices\":[],\"usage\":",
            plain.as_deref().unwrap_or(usage),
        ),
    ] {
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = concat!(
        "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n",
        ": keep-alive\n\n",
        "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"žluť 🦀\"}}],\"usage\":null}\r\n\r\n",
        "data: {\"id\":\"1\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
        "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
    );

    fn relayed<'a>(
        include_usage: bool,
        chunks: impl IntoIterator<Item = &'a [u8]>,
    ) -> (String, Seen) {
        let mut relay = OpenaiRelay::new(
            "openai",
            include_usage,
            vec![Secret::new("sk-7".to_owned())],
        );
        let mut out = Vec::new();
        let mut take = |came: &[u8], output: Output| match output {
            Output::Same => out.extend_from_slice(came),
            Output::Changed(bytes) => out.extend(bytes),
        };
        for chunk in chunks {
            take(chunk, relay.push(chunk, false));
        }
        take(b"", relay.push(b"", true));
        (String::from_utf8(out).unwrap(), relay.seen().clone())
    }

    #[test]
    fn usage_that_was_not_asked_for_is_counted_and_kept_from_the_client() {
        let (text, seen) = relayed(false, [STREAM.as_bytes()]);
        assert!(!text.contains("usage"), "{text}");
        assert!(text.contains("žluť 🦀") && text.ends_with("data: [DONE]\n\n"));
        assert_eq!(seen.usage.unwrap().total(), 5);
        assert!(seen.complete && seen.content);
    }

    #[test]
    fn a_stream_whose_usage_was_asked_for_is_passed_on_byte_for_byte() {
        let (text, _) = relayed(true, [STREAM.as_bytes()]);
        assert_eq!(text, STREAM);
    }

    #[test]
    fn nothing_depends_on_where_the_bytes_are_cut() {
        for include_usage in [false, true] {
            let (whole, _) = relayed(
                include_usage,
                [STREAM.replace(": keep-alive\n\n", "").as_bytes()],
            );
            for cut in 0..=STREAM.len() {
                let (head, tail) = STREAM.as_bytes().split_at(cut);
                let (text, seen) = relayed(include_usage, [head, tail]);
                assert_eq!(text.replace(": keep-alive\n\n", ""), whole, "cut at {cut}");
                assert!(seen.complete);
            }
        }
    }

    #[test]
    fn t81_a_missing_done_is_added_once_the_answer_is_complete() {
        let (text, seen) = relayed(false, [STREAM.replace("data: [DONE]\n\n", "").as_bytes()]);
        assert!(text.ends_with("data: [DONE]\n\n") && seen.complete);
        assert_eq!(text.matches("[DONE]").count(), 1);
    }

    #[test]
    fn t81_an_end_without_finish_reason_is_a_failure() {
        let (text, seen) = relayed(
            false,
            [&STREAM.as_bytes()[..STREAM.find("finish_reason").unwrap()]],
        );
        assert!(!text.contains("[DONE]") && !seen.complete);
        assert_eq!(seen.failure.unwrap().status, 502);
    }

    #[test]
    fn t80_done_after_an_error_is_dropped() {
        let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n\
                      data: {\"error\":{\"message\":\"down, key sk-7\",\"code\":503}}\n\ndata: [DONE]\n\n";
        let (text, seen) = relayed(false, [stream.as_bytes()]);
        assert!(text.ends_with("\"a\"}}]}\n\n"), "{text}");
        assert!(!seen.failure.unwrap().message.contains("sk-7"));
    }

    #[test]
    fn t83_usage_on_the_finish_chunk_gets_a_chunk_of_its_own() {
        let stream = "data: {\"id\":\"x\",\"created\":7,\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\
                      \"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n";
        let (text, _) = relayed(true, [stream.as_bytes()]);
        assert_eq!(
            text,
            "data: {\"id\":\"x\",\"created\":7,\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
             data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[],\
             \"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n"
        );
    }

    #[test]
    fn t84_of_continuous_usage_the_last_counts_once() {
        let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n\
                      data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n\
                      data: [DONE]\n\n";
        let (text, seen) = relayed(true, [stream.as_bytes()]);
        assert_eq!(text.matches("usage").count(), 1);
        assert_eq!(seen.usage.unwrap().output, 2);
    }

    #[test]
    fn a_credential_in_an_event_is_blacked_out() {
        let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"sk-7\"},\"finish_reason\":\"stop\"}]}\n\n";
        let (text, _) = relayed(false, [stream.as_bytes()]);
        assert!(text.contains("[redacted]") && !text.contains("sk-7"));
    }
}
