//! The formats behind one door: what is common to their requests and answers.

use hyper::HeaderMap;
use serde_json::Value;

use crate::answer::{Answer, Prompt};
use crate::behaviour::Behaviour;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::script::{Event, Framing};
use crate::{anthropic, bedrock, frame, gemini, openai, script};

/// The formats spoken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Messages.
    Anthropic,
    /// Converse.
    Bedrock,
    /// generateContent.
    Gemini,
    /// Chat completions.
    OpenAi,
}

impl Format {
    /// The format spoken at `path`, wherever a vendor mounts it.
    pub fn of(path: &str) -> Option<Self> {
        if path.ends_with("/chat/completions") {
            return Some(Self::OpenAi);
        }
        if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") {
            return Some(Self::Gemini);
        }
        if path.ends_with("/converse") || path.ends_with("/converse-stream") {
            return Some(Self::Bedrock);
        }
        path.ends_with("/v1/messages").then_some(Self::Anthropic)
    }

    /// The model, and whether the answer is streamed, where the path says it.
    pub fn named(self, path: &str) -> Option<(String, bool)> {
        let (model, how) = match self {
            Self::Anthropic | Self::OpenAi => return None,
            Self::Bedrock => path.rsplit_once('/')?,
            Self::Gemini => path.rsplit_once(':')?,
        };
        let (_, model) = model.rsplit_once('/')?;
        let model = model.replace("%3A", ":").replace("%2F", "/");
        Some((model, how.contains("stream")))
    }

    /// The caller's key and the version of the API.
    pub fn caller(
        self,
        headers: &HeaderMap,
        accepted: Option<&str>,
    ) -> Result<(String, String), Refusal> {
        match self {
            Self::Anthropic => {
                let anthropic::Caller { key, version } = anthropic::caller(headers, accepted)?;
                Ok((key, version))
            }
            Self::Bedrock => Ok((bedrock::key(headers, accepted)?, String::new())),
            Self::Gemini => Ok((gemini::key(headers, accepted)?, String::new())),
            Self::OpenAi => Ok((openai::key(headers, accepted)?, String::new())),
        }
    }

    /// What `request` asks of `model`; `strict` refuses what OpenAI itself does not know.
    pub fn read(
        self,
        request: &Value,
        model: &str,
        version: &str,
        strict: bool,
    ) -> Result<Prompt, Refusal> {
        match self {
            Self::Anthropic => anthropic::prompt(request, version),
            Self::Bedrock => bedrock::prompt(request, model),
            Self::Gemini => gemini::prompt(request, model),
            Self::OpenAi => openai::prompt(request, strict),
        }
    }

    /// The refusal in this format.
    pub fn refuse(self, refusal: &Refusal) -> Reply {
        let error = match self {
            Self::Anthropic => anthropic::error(refusal),
            Self::Bedrock => {
                let reply = Reply::json(refusal.status, &bedrock::error(refusal));
                let kind = bedrock::exception(refusal.status);
                return self.signed(reply.header("x-amzn-errortype", kind));
            }
            Self::Gemini => gemini::error(refusal),
            Self::OpenAi => openai::error(refusal),
        };
        self.signed(Reply::json(refusal.status, &error))
    }

    /// The answer in this format; `streamed`, and with usage.
    pub fn say(
        self,
        answer: &Answer,
        (streamed, usage): (bool, bool),
        behaviour: &Behaviour,
    ) -> Reply {
        let mut reply = if streamed {
            let (events, error, framing) = self.events(answer, usage, behaviour);
            let content_type = match self {
                Self::Bedrock => "application/vnd.amazon.eventstream",
                Self::Anthropic | Self::Gemini | Self::OpenAi => "text/event-stream; charset=utf-8",
            };
            let headers = vec![("content-type".to_owned(), content_type.to_owned())];
            Reply {
                status: 200,
                headers,
                pieces: script::stream(&events, &error, behaviour, framing),
            }
        } else {
            let value = match self {
                Self::Anthropic => anthropic::whole(answer, behaviour),
                Self::Bedrock => bedrock::whole(answer, behaviour),
                Self::Gemini => gemini::whole(answer, behaviour),
                Self::OpenAi => openai::whole(answer, behaviour),
            };
            let body = value.to_string().into_bytes();
            let length = body.len().to_string();
            let reply = Reply::json(200, &Value::Null);
            let pieces = script::whole(body, behaviour);
            let reply = Reply { pieces, ..reply };
            // A body that breaks off is only seen to do so if its length was promised.
            if reply.pieces.len() > 1 && !behaviour.gzip {
                reply.header("content-length", &length)
            } else {
                reply
            }
        };
        if behaviour.gzip {
            reply = reply.header("content-encoding", "gzip");
        }
        self.signed(reply).with(behaviour)
    }

    /// The events of a stream, the one that tells of an error, and how they are framed.
    fn events(
        self,
        answer: &Answer,
        usage: bool,
        behaviour: &Behaviour,
    ) -> (Vec<Event>, Event, Framing) {
        let sse: Framing = Event::sse;
        match self {
            Self::Anthropic => {
                let events = anthropic::events(answer, behaviour);
                (events, anthropic::error_event(), sse)
            }
            Self::Bedrock => {
                let events = bedrock::events(answer, behaviour);
                (events, bedrock::error_event(), frame::event)
            }
            Self::Gemini => {
                let events = gemini::events(answer, behaviour);
                (events, gemini::error_event(), sse)
            }
            Self::OpenAi => {
                let events = openai::events(answer, usage, behaviour);
                (events, openai::error_event(), sse)
            }
        }
    }

    /// With the vendor's request id.
    fn signed(self, reply: Reply) -> Reply {
        match self {
            Self::Anthropic => reply.header("request-id", "req_standin"),
            Self::Bedrock => reply.header("x-amzn-requestid", "req_standin"),
            Self::Gemini => reply,
            Self::OpenAi => reply.header("x-request-id", "req_standin"),
        }
    }
}
