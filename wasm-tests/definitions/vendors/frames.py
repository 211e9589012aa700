"""Streams as lists of events."""

import json


def read(text):
    """The server-sent events in `text`: name and JSON of each, without `[DONE]`."""
    events = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        name, data = None, []
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
        if data and data != ["[DONE]"]:
            events.append((name, json.loads("\n".join(data))))
    return events


def begins_and_ends(order, first, last):
    """Problems of a stream whose events do not begin with `first` and end with `last`."""
    found = []
    if order[: len(first)] != first:
        found.append(f"begins with {order[: len(first)]}")
    if order[-len(last) :] != last:
        found.append(f"ends with {order[-len(last):]}")
    return found
