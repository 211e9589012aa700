"""Bedrock's service model, parsers and event streams: `botocore` on PyPI."""

import base64
import binascii
import functools

import botocore.session
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

__all__ = ["ChecksumMismatch", "events", "request", "stream"]


@functools.cache
def service():
    return botocore.session.get_session().get_service_model("bedrock-runtime")


def request(body):
    """A body for Converse or ConverseStream. The model is in the path."""
    if "modelId" in body:
        return ["body.modelId: belongs into the path"]
    shape = service().operation_model("Converse").input_shape
    try:
        report = ParamValidator().validate({**decoded(shape, body), "modelId": "model"}, shape)
    except (binascii.Error, ValueError) as fault:
        return [f"body: {fault}"]
    found = report.generate_report().split("\n") if report.has_errors() else []
    return found + choices(shape, body, "body")


def decoded(shape, value):
    """`value` as callers of botocore write it: bytes where JSON has base64."""
    if shape.type_name == "structure" and isinstance(value, dict) and not is_document(shape):
        return {name: decoded(shape.members[name], one) if name in shape.members else one for name, one in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [decoded(shape.member, one) for one in value]
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return value


def choices(shape, value, at):
    """What botocore leaves to the service: words out of a list, and unions with exactly one member."""
    if shape.type_name == "structure" and isinstance(value, dict) and not is_document(shape):
        found = []
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            found.append(f"{at}: one member is allowed, there are {sorted(value)}")
        members = ((name, one) for name, one in value.items() if name in shape.members)
        return found + [problem for name, one in members for problem in choices(shape.members[name], one, f"{at}.{name}")]
    if shape.type_name == "list" and isinstance(value, list):
        return [problem for index, one in enumerate(value) for problem in choices(shape.member, one, f"{at}[{index}]")]
    words = getattr(shape, "enum", None)
    return [f"{at}: {value} is not one of {words}"] if words and value not in words else []


def is_document(shape):
    return getattr(shape, "is_document_type", False)


def stream(frames):
    """The bytes of a ConverseStream as the service writes them: framing, checksums, events and their order."""
    output = service().operation_model("ConverseStream").output_shape.members["stream"]
    parser, buffer, found, order = event_parser(), EventStreamBuffer(), [], []
    buffer.add_data(frames)
    for index, message in enumerate(buffer):
        name = message.headers.get(":event-type") or message.headers.get(":exception-type")
        if name not in output.members:
            found.append(f"frame[{index}]: {name} is no event")
            continue
        order.append(name)
        parsed = parser.parse(message.to_response_dict(), output)
        if name not in parsed and ":event-type" in message.headers:
            found.append(f"frame[{index}]: nothing in {name}")
    if order[:1] != ["messageStart"] or "messageStop" not in order:
        found.append(f"in this order: {order}")
    return found


def events(named):
    """The same of events that are not framed: a list of name and payload."""
    output = service().operation_model("ConverseStream").output_shape.members["stream"]
    found = []
    for index, (name, payload) in enumerate(named):
        shape = output.members.get(name)
        if shape is None:
            found.append(f"event[{index}]: {name} is no event")
        else:
            unknown = [member for member in payload if member not in shape.members and member != "p"]
            found += [f"event[{index}].{member}: unknown member" for member in unknown]
            found += choices(shape, payload, f"event[{index}]")
    return found


def event_parser():
    """Botocore's parser of events: it is a part of the one of whole answers."""
    return create_parser("rest-json")._event_stream_parser
