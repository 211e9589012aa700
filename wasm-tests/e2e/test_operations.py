"""OpenAI's operations besides chat, through OpenAI's own Python package, and forms that go on before they are complete."""

import threading

import httpx2
import openai
import pytest

from harness.gateway import error_of
from harness.raw import Connection
from harness.slow_upstream import SlowUpstream
from harness.standard import GPT, OPENAI_KEY, deployment
from harness.waiting import until

SOUND = bytes(range(256)) * 8192


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-client", max_retries=0, timeout=20) as client:
        yield client


def test_embeddings_are_read_in_whatever_form_they_are_asked_for(client, gateway, stand_in):
    for form in ({}, {"encoding_format": "float"}):
        answer = client.embeddings.create(model="gpt", input=["a", "b"], **form)
        assert [entry.embedding for entry in answer.data] == [[0.5, -1.25, 2.0]] * 2
        assert answer.usage.prompt_tokens == 8
    for tokens in ([1, 2, 3], [[1, 2], [3]]):
        client.embeddings.create(model="gpt", input=tokens)
        assert stand_in.last().json()["input"] == tokens
    assert stand_in.last().path == "/v1/embeddings"
    assert stand_in.last().json()["model"] == GPT
    assert stand_in.last().header("authorization") == f"Bearer {OPENAI_KEY}"


def test_an_embedding_is_logged_with_its_tokens_and_cost(gateway):
    answer = gateway.http.post("/v1/embeddings", json={"model": "priced", "input": "x"})
    entry = gateway.log_of(answer)
    assert (entry["operation"], entry["input_tokens"], entry["output_tokens"]) == ("embeddings", 8, 0)
    assert entry["cost_nanousd"] == 16_000


def test_a_moderation_is_answered(client):
    assert client.moderations.create(model="gpt", input="hello").results[0].flagged is False


def test_a_large_image_arrives_whole(client):
    answer = client.images.generate(model="gpt", prompt="a crab")
    assert len(answer.data[0].b64_json) > 2_000_000
    assert answer.usage.output_tokens == 1000


def test_sound_arrives_byte_for_byte(client):
    with client.audio.speech.with_streaming_response.create(model="gpt", input="hi", voice="alloy") as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        assert b"".join(answer.iter_bytes()) == b"\xff\xfb\0" + b"\x01" * 300_000


def test_a_transcription_arrives_with_its_file(client, stand_in):
    answer = client.audio.transcriptions.create(model="gpt", file=("a.wav", SOUND), language="cs")
    assert answer.text == "ahoj"
    arrived = stand_in.last()
    assert SOUND in arrived.body
    assert stand_in.counts()[GPT] == 1
    assert int(arrived.header("content-length")) == len(arrived.body)


def form(model_first):
    """A form by hand, the part with the model first or last, and its content type."""
    model = b'--b1\r\ncontent-disposition: form-data; name="model"\r\n\r\n%s\r\n'
    file = b'--b1\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' + SOUND + b"\r\n"
    parts = model + b"%s" if model_first else b"%s" + model
    values = lambda name: (name, file) if model_first else (file, name)  # noqa: E731
    body = lambda name: parts % values(name) + b"--b1--\r\n"  # noqa: E731
    return body(b"gpt"), body(GPT.encode()), "multipart/form-data; boundary=b1"


@pytest.mark.parametrize("model_first", [True, False])
@pytest.mark.parametrize("chunked", [True, False])
def test_only_the_model_in_a_form_changes(gateway, stand_in, model_first, chunked):
    body, expected, media = form(model_first)
    content = (body[at : at + 70_000] for at in range(0, len(body), 70_000)) if chunked else body
    answer = gateway.http.post("/v1/audio/transcriptions", content=content, headers={"content-type": media})
    assert answer.json()["text"] == "ahoj"
    assert stand_in.last().body == expected
    entry = gateway.log_of(answer)
    assert (entry["operation"], entry["input_tokens"], entry["output_tokens"]) == ("transcriptions", 10, 2)


@pytest.fixture
def slow():
    upstream = SlowUpstream()
    yield upstream
    upstream.end()


@pytest.fixture
def slow_gateway(start_here, slow, transport):
    entry = deployment("gpt", f"openai/{GPT}", "slow-1", api_base=f"{slow.url}/v1", api_key=OPENAI_KEY)
    return start_here({"model_list": [entry], "dragoman": {"retry_transport": transport, "max_body_bytes": 1 << 20}})


def test_a_file_reaches_the_provider_before_the_client_has_sent_all_of_it(slow_gateway, slow):
    body, expected, media = form(True)
    head = f"POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\ncontent-type: {media}\r\ncontent-length: {len(body)}\r\n\r\n"
    with Connection(slow_gateway.address) as client:
        client.send(head.encode() + body[:1000])
        until("the beginning of the file", lambda: len(slow.body()) > 500)
        assert slow.head()["content-length"] == str(len(expected))
        assert slow.body() == expected[: len(slow.body())]
        # The file is twice as long as what may be held.
        client.send(body[1000:])
        until("the whole file", lambda: slow.body() == expected)
        slow.answer(b'{"text":"ahoj"}')
        answer = client.answer()
    assert (answer.status, answer.body) == (200, b'{"text":"ahoj"}')


def test_a_file_in_front_of_its_model_may_be_too_long(gateway):
    body, _, media = form(False)
    body = body.replace(SOUND, SOUND * 20)
    answer = gateway.http.post("/v1/audio/transcriptions", content=body, headers={"content-type": media})
    assert answer.status_code == 413
    assert error_of(answer)["code"] == "request_too_large"


def test_sound_reaches_the_client_before_the_provider_has_sent_all_of_it(slow_gateway, slow):
    with httpx2.Client(base_url=slow_gateway.url, trust_env=False, timeout=20) as client:
        request = client.build_request("POST", "/v1/audio/speech", json={"model": "gpt", "input": "x"})
        heard = []

        def answer():
            until("the request", lambda: slow.head())
            slow.answer(b"0123456789", "audio/mpeg", 2, lambda: until("the first half", lambda: heard or None))

        speaking = threading.Thread(target=answer)
        speaking.start()
        answered = client.send(request, stream=True)
        for piece in answered.iter_raw():
            heard.append(piece)
        speaking.join()
    assert b"".join(heard) == b"0123456789" and heard[0] == b"01234"
