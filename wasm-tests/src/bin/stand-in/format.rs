//! The two formats behind one door: what is common to their requests and answers.

use hyper::HeaderMap;
use serde_json::Value;

use crate::answer::{Answer, Prompt};
use crate::behaviour::Behaviour;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::{anthropic, openai, script};

/// The formats spoken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Messages.
    Anthropic,
    /// Chat completions.
    OpenAi,
}

impl Format {
    /// The format spoken at `path`, wherever a vendor mounts it.
    pub fn of(path: &str) -> Option<Self> {
        if path.ends_with("/chat/completions") {
            return Some(Self::OpenAi);
        }
        path.ends_with("/v1/messages").then_some(Self::Anthropic)
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
            Self::OpenAi => Ok((openai::key(headers, accepted)?, String::new())),
        }
    }

    /// What `request` asks for; `strict` refuses what OpenAI itself does not know.
    pub fn read(self, request: &Value, version: &str, strict: bool) -> Result<Prompt, Refusal> {
        match self {
            Self::Anthropic => anthropic::prompt(request, version),
            Self::OpenAi => openai::prompt(request, strict),
        }
    }

    /// The refusal in this format.
    pub fn refuse(self, refusal: &Refusal) -> Reply {
        let error = match self {
            Self::Anthropic => anthropic::error(refusal),
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
            let (events, error) = match self {
                Self::Anthropic => (
                    anthropic::events(answer, behaviour),
                    anthropic::error_event(),
                ),
                Self::OpenAi => (
                    openai::events(answer, usage, behaviour),
                    openai::error_event(),
                ),
            };
            let headers = vec![(
                "content-type".to_owned(),
                "text/event-stream; charset=utf-8".to_owned(),
            )];
            Reply {
                status: 200,
                headers,
                pieces: script::stream(&events, &error, behaviour),
            }
        } else {
            let value = match self {
                Self::Anthropic => anthropic::whole(answer, behaviour),
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

    /// With the vendor's request id.
    fn signed(self, reply: Reply) -> Reply {
        match self {
            Self::Anthropic => reply.header("request-id", "req_standin"),
            Self::OpenAi => reply.header("x-request-id", "req_standin"),
        }
    }
}
