"""Access tokens for Vertex AI: fetched by a signed assertion, once for all workers, while requests wait for them."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "gateway@project-7.iam.gserviceaccount.com"
ANSWER = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4},
}


class Google(ThreadingHTTPServer):
    """The token endpoint, which checks what it is shown, and a model that takes only the latest token."""

    def __init__(self, holds_s, delay_s):
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.holds_s, self.delay_s = holds_s, delay_s
        self.faults, self.paths, self.tokens = [], [], []
        self.refuses = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def account(self):
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "project-7",
                "private_key_id": "key-1",
                "private_key": pem.decode(),
                "client_email": EMAIL,
                "token_uri": f"{self.url}/token",
            }
        )

    def claims(self, assertion):
        """What the assertion claims; raises when it is not signed by the account's key."""
        signed, _, signature = assertion.rpartition(".")
        self.key.public_key().verify(unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        head, claims = (json.loads(unpadded(part)) for part in signed.split("."))
        assert head == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
        return claims


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/token":
            return self.token(parse_qs(body.decode()))
        self.server.paths.append(self.path)
        # While a token is renewed, the one before it still holds.
        valid = [f"Bearer {token}" for token in self.server.tokens[-2:]]
        if self.headers["authorization"] in valid:
            return self.say(200, ANSWER)
        return self.say(401, {"error": {"code": 401, "message": "bad token", "status": "UNAUTHENTICATED"}})

    def token(self, form):
        time.sleep(self.server.delay_s)
        if self.server.refuses:
            return self.say(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        try:
            assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
            claims = self.server.claims(form["assertion"][0])
            assert (claims["iss"], claims["exp"] - claims["iat"]) == (EMAIL, 3600)
            assert abs(claims["iat"] - time.time()) < 60
        except Exception as fault:  # noqa: BLE001 - told by the test that looks
            self.server.faults.append(repr(fault))
            return self.say(400, {"error": "invalid_grant"})
        self.server.tokens.append(f"ya29.token-{len(self.server.tokens)}")
        return self.say(200, {"access_token": self.server.tokens[-1], "expires_in": self.server.holds_s})

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def google(request):
    server = Google(*request.param)
    yield server
    server.shutdown()
    server.server_close()


def started(start_here, google, transport):
    deployment = {
        "model_name": "gemini",
        "litellm_params": {
            "model": "vertex_ai/gemini-2.5-flash",
            "api_base": google.url,
            "vertex_location": "us-central1",
            "vertex_credentials": "os.environ/VERTEX_ACCOUNT",
        },
    }
    config = {
        "model_list": [deployment],
        "router_settings": {"num_retries": 0},
        "dragoman": {"retry_transport": transport},
    }
    return start_here(config, environment={"VERTEX_ACCOUNT": google.account()})


@pytest.mark.parametrize("google", [(3600, 0.5)], indirect=True)
def test_many_requests_of_two_workers_wait_for_one_token(start_here, google, transport):
    gateway = started(start_here, google, transport)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: gateway.chat("gemini"), range(32)))
    assert google.faults == []
    assert [answer.status_code for answer in answers] == [200] * 32, answers[0].text
    assert len(google.tokens) == 1
    where = "/v1/projects/project-7/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent"
    assert set(google.paths) == {where}


@pytest.mark.parametrize("google", [(4, 0)], indirect=True)
def test_a_token_is_renewed_before_it_ends_and_no_request_fails(start_here, google, transport):
    gateway = started(start_here, google, transport)
    end = time.monotonic() + 6
    while time.monotonic() < end:
        answer = gateway.chat("gemini")
        assert answer.status_code == 200, answer.text
        time.sleep(0.02)
    assert google.faults == []
    assert 3 <= len(google.tokens) <= 5


@pytest.mark.parametrize("google", [(3600, 0)], indirect=True)
def test_a_refused_account_is_told_to_the_client(start_here, google, transport):
    google.refuses = True
    gateway = started(start_here, google, transport)
    answer = gateway.chat("gemini")
    assert answer.status_code == 401, answer.text
    assert "invalid_grant" in answer.json()["error"]["message"]
