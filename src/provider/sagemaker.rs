//! AWS SageMaker: containers of the operator's that speak OpenAI's chat format, behind AWS's signature and framing.

use std::borrow::Cow;

use super::{
    Decode, Encoded, Has, Options, Provider, Reading, Setting, Target, aws, find, openai_like,
};
use crate::canonical::answer::Completion;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::wire::event_stream::{self, Frame};

/// SageMaker.
pub static SAGEMAKER: Sagemaker = Sagemaker;

/// AWS's house of the operator's own models.
#[derive(Clone, Copy, Debug)]
pub struct Sagemaker;

const NAME: &str = "sagemaker_chat";
/// A compatible vendor without quirks of its own: what most of these containers are.
const CONTAINER: &str = "hosted_vllm";
/// One of several models behind the endpoint.
const COMPONENT: Setting = Setting {
    key: "model_id",
    variables: &[],
};

impl Provider for Sagemaker {
    fn name(&self) -> &'static str {
        NAME
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["sagemaker"]
    }

    fn default_base(&self) -> Option<&'static str> {
        None
    }

    fn base(&self, options: &Options) -> Option<Cow<'static, str>> {
        aws::base("runtime.sagemaker", "", options)
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[aws::ID, aws::SECRET, aws::TOKEN, aws::REGION, COMPONENT] }
    }

    fn lack(&self, _model: &str, options: &Options, has: &Has) -> Option<&'static str> {
        aws::lack("", options, has)
    }

    fn key_variable(&self) -> Option<&'static str> {
        None
    }

    fn speaks_openai(&self) -> bool {
        true
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let container = find(CONTAINER)
            .ok_or_else(|| ApiError::new(500, Class::Server, "no provider speaks to containers"))?;
        let body = container.encode(request, target)?.body;
        let body = body.unwrap_or_else(|| request.json.to_vec());
        let operation = if request.stream {
            "invocations-response-stream"
        } else {
            "invocations"
        };
        let endpoint = aws::segment(target.model)?;
        let path = format!("{}/endpoints/{endpoint}/{operation}", target.base_path);
        let mut headers = vec![("content-type", "application/json".to_owned())];
        let component = target.options.get(COMPONENT.key);
        headers.extend(
            component.map(|name| ("x-amzn-sagemaker-inference-component", name.to_owned())),
        );
        if request.stream {
            headers.push(("x-amzn-sagemaker-accept", "text/event-stream".to_owned()));
        }
        let unsigned = aws::Request {
            service: "sagemaker",
            method: "POST",
            path: &path,
            headers: &headers,
            body: &body,
        };
        let proof = aws::sign(&unsigned, target)?;
        headers.extend(proof);
        let reading = if request.stream {
            Reading::Foreign(Box::new(Parts::new()))
        } else {
            Reading::Openai
        };
        Ok(Encoded {
            path,
            headers,
            body: Some(body),
            reading,
        })
    }

    fn resigned(&self, encoded: Encoded, target: &Target<'_>) -> Result<Encoded, ApiError> {
        aws::resigned("sagemaker", encoded, target)
    }
}

/// Reads a stream whose frames are parts of the container's own.
#[derive(Debug)]
struct Parts {
    broken: bool,
    frames: event_stream::Decoder,
    inner: Box<dyn Decode>,
}

impl Parts {
    fn new() -> Self {
        Self {
            broken: false,
            frames: event_stream::Decoder::default(),
            inner: openai_like::decode::new(NAME),
        }
    }
}

impl Decode for Parts {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        self.inner.whole(body)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self {
            broken,
            frames,
            inner,
        } = self;
        let read = frames.push(bytes, |frame| {
            if *broken {
                return;
            }
            match failure(&frame) {
                Some(error) => {
                    *broken = true;
                    each(Piece::Failed(error));
                }
                None => inner.stream(frame.payload, false, each),
            }
        });
        if let (Err(fault), false) = (read, *broken) {
            *broken = true;
            let words = format!("the provider's answer was not understood: {fault}");
            let error = ApiError::new(502, Class::Malformed, words);
            each(Piece::Failed(error.with_code("upstream_invalid_response")));
        }
        if last && !*broken && !frames.holds_bytes() {
            inner.stream(b"", true, each);
        }
    }
}

/// What an exception in the stream says.
fn failure(frame: &Frame<'_>) -> Option<ApiError> {
    let (name, words) = match frame.header(":message-type")? {
        "exception" => (":exception-type", frame.payload),
        "error" => {
            let words = frame.header(":error-message").unwrap_or_default();
            (":error-code", words.as_bytes())
        }
        _ => return None,
    };
    let name = frame.header(name).unwrap_or_default();
    Some(ApiError::exception(NAME, name, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::secret::Secret;
    use crate::wire::event_stream::framed;
    use crate::wire::json::Members;

    fn encoded(json: &str) -> Encoded {
        let request = ChatRequest {
            json: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "group".into(),
            stream: json.contains("\"stream\":true"),
            include_usage: false,
        };
        let options = [
            ("aws_access_key_id", "AKIDEXAMPLE"),
            ("aws_secret_access_key", "secret"),
            ("model_id", "one-of-them"),
        ];
        let options: Options = options
            .map(|(key, text)| (key, Secret::new(text.to_owned())))
            .into_iter()
            .collect();
        let target = Target {
            authority: "runtime.sagemaker.eu-west-1.amazonaws.com",
            options: &options,
            ..Target::of_model("my-endpoint")
        };
        SAGEMAKER.encode(&request, &target).unwrap()
    }

    #[test]
    fn the_endpoint_is_in_the_path_and_the_signature_is_sagemakers() {
        let encoded = encoded(r#"{"model":"group","messages":[],"x":1.10}"#);
        assert_eq!(encoded.path, "/endpoints/my-endpoint/invocations");
        let body = String::from_utf8(encoded.body.unwrap()).unwrap();
        assert_eq!(body, r#"{"model":"my-endpoint","messages":[],"x":1.10}"#);
        let authorization = &encoded.headers.last().unwrap().1;
        assert!(
            authorization.contains("/eu-west-1/sagemaker/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amzn-sagemaker-inference-component,"),
            "{authorization}"
        );
    }

    fn pieces(bytes: &[u8], cut: usize) -> Vec<String> {
        let mut decoder = Parts::new();
        let mut pieces = Vec::new();
        let (head, tail) = bytes.split_at(cut);
        for (part, last) in [(head, false), (tail, true)] {
            decoder.stream(part, last, &mut |piece| pieces.push(format!("{piece:?}")));
        }
        pieces
    }

    fn part(payload: &str) -> Vec<u8> {
        let headers = [(":event-type", "PayloadPart"), (":message-type", "event")];
        framed(&headers, payload.as_bytes())
    }

    #[test]
    fn t99_an_event_may_be_cut_by_frames_and_frames_by_chunks() {
        let stream = [
            part("data: {\"cho"),
            part("ices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n"),
            part("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DO"),
            part("NE]\n\n"),
        ]
        .concat();
        let whole = pieces(&stream, 0);
        assert!(whole.contains(&"Content(\"Hi\")".to_owned()), "{whole:?}");
        assert_eq!(whole.last().map(String::as_str), Some("End"));
        for cut in 0..=stream.len() {
            assert_eq!(pieces(&stream, cut), whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_exception_ends_the_stream() {
        let headers = [
            (":exception-type", "ModelStreamError"),
            (":message-type", "exception"),
        ];
        let exception = framed(&headers, br#"{"Message":"out of memory","ErrorCode":"x"}"#);
        let told = pieces(&[exception, part("data: {}\n\n")].concat(), 0);
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("Failed") && told[0].contains("out of memory"),
            "{told:?}"
        );
    }
}
