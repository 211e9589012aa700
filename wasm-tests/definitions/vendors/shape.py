"""Compares JSON with the types an SDK declares, strictly: members no type knows are problems, too.

The SDKs themselves are lenient on purpose (they let what is new pass), so their own validation would not see a
misspelt member. Here their type hints are walked: typed dictionaries, pydantic models, unions, literals.
"""

import base64
import binascii
import collections.abc
import datetime
import enum
import functools
import types
import typing

import pydantic
import typing_extensions

WRAPPERS = (typing.Required, typing.NotRequired, typing_extensions.Required, typing_extensions.NotRequired)
LISTS = (list, tuple, collections.abc.Iterable, collections.abc.Sequence)
MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
# Members that tell the branches of a union apart.
TAGS = ("type", "role", "object", "event")


def problems(value, hint, at="body"):
    """What is wrong with `value` where `hint` is expected; nothing if it fits."""
    hint = bare(hint)
    if hint is typing.Any or hint is object or isinstance(hint, typing.TypeVar):
        return []
    if hint is None or hint is type(None):
        return [] if value is None else wrong(at, value, "null")
    if isinstance(hint, typing.NewType):
        return problems(value, hint.__supertype__, at)
    origin, arguments = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return of_union(value, branches(arguments), at)
    if origin in (typing.Literal, typing_extensions.Literal):
        fits = any(value == one and type(value) is type(one) for one in arguments)
        return [] if fits else wrong(at, value, f"one of {list(arguments)}")
    if origin in LISTS or hint in LISTS or getattr(origin, "__name__", "") == "SequenceNotStr":
        return of_list(value, arguments[0] if arguments else typing.Any, at)
    if origin in MAPPINGS or hint in MAPPINGS:
        return of_mapping(value, arguments[1] if arguments else typing.Any, at)
    if typing_extensions.is_typeddict(hint):
        return of_members(value, *typed_members(hint), at)
    if isinstance(hint, type) and issubclass(hint, pydantic.RootModel):
        return problems(value, hint.model_fields["root"].annotation, at)
    if isinstance(hint, type) and issubclass(hint, pydantic.BaseModel):
        return of_members(value, *model_members(hint), at)
    return of_plain(value, hint, at)


def bare(hint):
    """`hint` without what only qualifies it."""
    while True:
        origin = typing_extensions.get_origin(hint)
        if origin is typing.Annotated or origin in WRAPPERS:
            hint = typing_extensions.get_args(hint)[0]
        elif isinstance(hint, typing_extensions.TypeAliasType):
            hint = hint.__value__
        elif isinstance(origin, typing_extensions.TypeAliasType):
            hint = origin.__value__[typing_extensions.get_args(hint)]
        else:
            return hint


def branches(hints):
    """The branches of a union. `Literal | Any` and the like only say that more may come: they are not open here."""
    hints = [bare(hint) for hint in hints]
    closed = [hint for hint in hints if not is_open(hint)]
    named = any(typing_extensions.get_origin(hint) is typing.Literal for hint in closed)
    return closed if named else hints


def is_open(hint):
    return hint is typing.Any or hint is object or getattr(hint, "__name__", "").startswith("Unrecognized")


def of_union(value, hints, at):
    """The problems of the branch that was most likely meant."""
    found = [problems(value, hint, at) for hint in hints]
    if not all(found):
        return []

    def likelihood(entry):
        return (any(is_about_tag(problem, at) for problem in entry), is_about_kind(entry, at), len(entry))

    return min(found, key=likelihood)


def is_about_tag(problem, at):
    return any(problem.startswith(f"{at}.{tag}:") for tag in TAGS)


def is_about_kind(entry, at):
    return any(problem.startswith(f"{at}: ") for problem in entry)


def of_list(value, hint, at):
    if not isinstance(value, list):
        return wrong(at, value, "a list")
    return [problem for index, one in enumerate(value) for problem in problems(one, hint, f"{at}[{index}]")]


def of_mapping(value, hint, at):
    if not isinstance(value, dict):
        return wrong(at, value, "an object")
    return [problem for key, one in value.items() for problem in problems(one, hint, f"{at}.{key}")]


def of_members(value, hints, required, at):
    """An object whose members are `hints`, of which `required` must be there."""
    if not isinstance(value, dict):
        return wrong(at, value, "an object")
    found = [f"{at}.{name}: missing" for name in sorted(required - value.keys())]
    for name, one in value.items():
        if name in hints:
            found += problems(one, hints[name], f"{at}.{name}")
        else:
            found.append(f"{at}.{name}: unknown member")
    return found


@functools.cache
def typed_members(hint):
    """The members of a typed dictionary, and which of them are required."""
    hints = typing_extensions.get_type_hints(hint, include_extras=True)
    required = set(hint.__required_keys__)
    # Where annotations are strings, the class itself does not know what its qualifiers say.
    for name, one in hints.items():
        while typing_extensions.get_origin(one) is typing.Annotated:
            one = typing_extensions.get_args(one)[0]
        qualifier = getattr(typing_extensions.get_origin(one), "_name", None)
        if qualifier == "Required":
            required.add(name)
        elif qualifier == "NotRequired":
            required.discard(name)
    return hints, frozenset(required)


@functools.cache
def model_members(model):
    """The same of a pydantic model, by the names used in JSON."""
    fields = {wire_name(name, field): field for name, field in model.model_fields.items()}
    hints = {name: field.annotation for name, field in fields.items()}
    return hints, frozenset(name for name, field in fields.items() if field.is_required())


def wire_name(name, field):
    """Pydantic's alias, or that of a vendor who annotates it in a way of his own."""
    of_metadata = next((one.alias for one in field.metadata if getattr(one, "alias", None)), None)
    return field.alias or of_metadata or name


def of_plain(value, hint, at):
    """Numbers, strings, and what JSON writes as strings."""
    if not isinstance(hint, type):
        return [f"{at}: cannot be compared with {hint!r}"]
    if issubclass(hint, enum.Enum):
        return of_enum(value, hint, at)
    if hint is bool:
        return [] if isinstance(value, bool) else wrong(at, value, "true or false")
    if hint is int:
        return [] if isinstance(value, int) and not isinstance(value, bool) else wrong(at, value, "an integer")
    if hint is float:
        return [] if isinstance(value, (int, float)) and not isinstance(value, bool) else wrong(at, value, "a number")
    if issubclass(hint, (str, datetime.date, datetime.datetime)):
        return [] if isinstance(value, str) else wrong(at, value, "a string")
    if issubclass(hint, bytes):
        return of_bytes(value, at)
    # Files, paths and callables: nothing that JSON could be.
    return wrong(at, value, f"a {hint.__name__}")


def of_enum(value, hint, at):
    known = {str(one.value) for one in hint}
    # Google takes its own words in any case.
    any_case = "CaseInSensitive" in hint.__mro__[1].__name__
    fits = isinstance(value, str) and (value in known or (any_case and value.upper() in map(str.upper, known)))
    return [] if fits else wrong(at, value, f"one of {sorted(known)}")


def of_bytes(value, at):
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return wrong(at, value, "base64")
    return []


def wrong(at, value, expected):
    text = str(value)
    return [f"{at}: {text if len(text) < 80 else text[:80] + '…'} is not {expected}"]
