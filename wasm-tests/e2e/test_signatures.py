"""Requests to AWS: signed as botocore, which recomputes every signature, would have signed them."""

import re
from dataclasses import dataclass

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.standard import deployment

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "a session's token/with+signs=="
API_KEY = "bedrock-api-key-5e1f0a"
REGION = "eu-central-1"
CLAUDE = "anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILE = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123def456"

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@pytest.fixture(scope="module")
def gateway(start_here, provider):
    aws = {"api_base": provider.url, "aws_region_name": REGION}
    keys = {**aws, "aws_access_key_id": KEY, "aws_secret_access_key": "os.environ/E2E_AWS_SECRET"}
    models = [
        deployment("keys", f"bedrock/{CLAUDE}", "keys-1", **keys),
        deployment("temporary", f"bedrock/{CLAUDE}", "temporary-1", **keys, aws_session_token=TOKEN),
        deployment("profile", f"bedrock/{PROFILE}", "profile-1", **keys),
        deployment("below", f"bedrock/{CLAUDE}", "below-1", **{**keys, "api_base": f"{provider.url}/proxy/aws"}),
        deployment("bearer", f"bedrock/{CLAUDE}", "bearer-1", **aws, api_key=API_KEY),
        deployment("container", "sagemaker_chat/my-endpoint", "container-1", **keys, model_id="one-of-them"),
    ]
    settings = {"num_retries": 0, "disable_cooldowns": True}
    return start_here({"model_list": models, "router_settings": settings}, environment={"E2E_AWS_SECRET": SECRET})


@dataclass
class Signed:
    """What a recorded request says of its signature."""

    region: str
    service: str
    headers: list
    signature: str
    recomputed: str


def read(recorded, token=None):
    """The request's signature, and the one that botocore makes of the same request."""
    stated = AUTHORIZATION.fullmatch(recorded.header("authorization"))
    assert stated, recorded.header("authorization")
    time = recorded.header("x-amz-date")
    assert stated["key"] == KEY and time.startswith(stated["date"])
    names = stated["headers"].split(";")
    request = AWSRequest(
        method=recorded.method,
        url=f"http://{recorded.header('host')}{recorded.path}",
        headers={name: recorded.header(name) for name in names if name != "host"},
        data=recorded.body,
    )
    request.context["timestamp"] = time
    auth = SigV4Auth(Credentials(KEY, SECRET, token), stated["service"], stated["region"])
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    recomputed = auth.signature(to_sign, request)
    return Signed(stated["region"], stated["service"], names, stated["signature"], recomputed)


def asked(gateway, stand_in, model, **more):
    """What arrives at AWS for a request, whatever is answered."""
    gateway.chat(model, **more)
    return stand_in.last()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "model, service, region, path",
    [
        ("keys", "bedrock", REGION, "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"),
        (
            "profile",
            "bedrock",
            "us-west-2",
            "/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Aapplication-inference-profile%2Fabc123def456/converse",
        ),
        ("below", "bedrock", REGION, "/proxy/aws/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"),
        ("container", "sagemaker", REGION, "/endpoints/my-endpoint/invocations"),
    ],
)
def test_botocore_comes_to_the_same_signature(gateway, stand_in, model, service, region, path, stream):
    arrived = asked(gateway, stand_in, model, text="žluťoučký 🦀", stream=stream)
    suffix = {"bedrock": "-stream", "sagemaker": "-response-stream"}[service] if stream else ""
    signed = read(arrived)
    assert (arrived.path, signed.service, signed.region) == (path + suffix, service, region)
    assert signed.signature == signed.recomputed


def test_the_token_of_temporary_credentials_is_sent_and_signed(gateway, stand_in):
    arrived = asked(gateway, stand_in, "temporary")
    signed = read(arrived, TOKEN)
    assert arrived.header("x-amz-security-token") == TOKEN and "x-amz-security-token" in signed.headers
    assert signed.signature == signed.recomputed


def test_only_what_nobody_on_the_way_touches_is_signed(gateway, stand_in):
    signed = read(asked(gateway, stand_in, "keys"))
    assert signed.headers == ["content-type", "host", "x-amz-date"]


def test_an_api_key_is_sent_as_it_is_and_nothing_is_signed(gateway, stand_in):
    arrived = asked(gateway, stand_in, "bearer")
    assert arrived.header("authorization") == f"Bearer {API_KEY}"
    assert not [name for name in arrived.header_names() if name.startswith("x-amz")]


def test_the_secret_is_nowhere_in_the_request(gateway, stand_in):
    arrived = asked(gateway, stand_in, "temporary")
    assert SECRET not in str(arrived.headers) and SECRET.encode() not in arrived.body
