"""The protocol described from its own types: JSON Schemas, an AsyncAPI document, tables and diagrams.

Nothing is described twice: what is said of a message is its docstring, of a topic its line in ``topics``, of a
life cycle its table. What only this file knows is who says what to whom (``CHANNELS``).
"""

import enum
import inspect
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from . import lifecycle, topics
from .authority import RIGHTS, Role
from .examples import PLAN, examples
from .flightplan import FlightPlan
from .message import END, Message
from .problem_codes import GROUPS
from .signature import CHARS
from .topics import TOPICS, Topic

S = TypeVar("S", bound=enum.Enum)

VERSION: Final = "1.0.0"
SIGNATURE: Final = "signature"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FPL: Final = (
    "(FPL-TARTU11-IM\n-K35R/H-SW/S\n-LTAG1000\n-N0430F250 3554N03824E 3536N03906E 3554N03824E\n-LTAG0200\n-DOF/260618)"
)


class Channel(NamedTuple):
    """What a topic is for, and who speaks and listens on it; ``centre`` is what a centre does there, if anything."""

    name: str
    topic: Topic
    centre: str
    said_by: str
    heard_by: str
    purpose: str


CHANNELS: Final = (
    Channel("order", topics.ORDER, "receive", "who may order that", "the service `to`", "What one side is to do."),
    Channel(
        "inject", topics.INJECT, "receive", "anybody", "the service `to`", "The same, typed by hand, by nobody known."
    ),
    Channel("line", topics.LINE, "both", "a centre", "the centre `to`", "The hotline: what one party says to another."),
    Channel("status", topics.STATUS, "send", "a centre", "whoever injected the plan", "Where each plan stands."),
    Channel("event", topics.EVENT, "send", "every service", "the monitor", "What a service tells everybody."),
    Channel("health", topics.HEALTH, "both", "every service", "everybody", "Births and wills: who is there."),
    Channel("clock", topics.CLOCK, "receive", "the director", "everybody", "Simulated time and its speed."),
    Channel("control", topics.CONTROL, "receive", "every service", "the service `to`", "Say that again."),
    Channel(
        "old-control", topics.OLD_CONTROL, "receive", "nobody now", "the service `to`", "As it was once addressed."
    ),
    Channel("receipt", topics.RECEIPT, "both", "who was addressed", "the service `to`", "I have it, and will keep it."),
    Channel("track", topics.TRACK, "", "the sky", "whoever draws a map", "Where aircraft are, once a second."),
)
PARAMETERS: Final = {
    "source": "The party or service that says it, as in the message's field `source`.",
    "to": "The party or service that it is meant for, as in the message's field `to`.",
    "plan_id": "The plan, as in the message's field `plan_id`.",
}


def tag(kind: type[Message]) -> str:
    """The ``type`` that this message bears on the wire."""
    return str(kind.__struct_config__.tag)


def messages() -> list[type[Message]]:
    """Every type of message that is said on a topic, in the order of the topics."""
    return list(dict.fromkeys(kind for topic in TOPICS for kind in topic.messages))


# JSON Schemas and examples


def schema(kind: type[msgspec.Struct], name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one message or of a bare plan."""
    found = _tidy(msgspec.json.schema(kind))
    _allow_signature(found.get("$defs", {}))
    return {"$schema": DIALECT, "$id": f"urn:hotline:v1:{name}", **found}


def _tidy(value: Any) -> Any:
    """Without OpenAPI's discriminators, with docstrings as they are read, and with patterns that end as in ECMA-262."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if isinstance(value, str):
        return value.replace(END, "$")
    if not isinstance(value, dict):
        return value
    return {
        key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else _tidy(item)
        for key, item in value.items()
        if key != "discriminator" or not isinstance(item, dict) or "propertyName" not in item
    }


def _allow_signature(schemas: dict[str, Any]) -> None:
    """Name the field that a signature adds to the messages of signed topics, among these schemas by type."""
    signed = {kind for topic in TOPICS if topic.signed for kind in topic.messages}
    for kind in messages():
        if kind.__name__ in schemas and kind in signed:
            schemas[kind.__name__]["properties"][SIGNATURE] = {
                "type": "string",
                "pattern": f"^[A-Za-z0-9_-]{{{CHARS}}}$",
                "description": "Optional, and then the last field: Ed25519 over the topic, a line break and the "
                "payload without this field, in base64url. See docs/join.md.",
            }


# AsyncAPI


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document, as a centre sees the protocol."""
    _, schemas = msgspec.json.schema_components((*messages(), FlightPlan), ref_template="#/components/schemas/{name}")
    _allow_signature(schemas)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hotline",
            "version": VERSION,
            "description": "How air operations centres ring each other up, and what is injected, recorded and watched "
            "around them. The operations are those of a centre.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"exercise": _server()},
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": dict(_operation(channel, action) for channel in CHANNELS for action in _actions(channel)),
        "components": {
            "messages": _message_components(),
            "schemas": _draft_7(_tidy(schemas)),
            "securitySchemes": {"password": {"type": "userPassword", "description": "One identity for each service."}},
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "127.0.0.1:1883",
        "protocol": "mqtt",
        "protocolVersion": "3.1.1",
        "description": "MQTT 3.1.1 is the floor; MQTT 5 is used where the broker speaks it.",
        "security": [{"$ref": "#/components/securitySchemes/password"}],
        "bindings": {"mqtt": {"cleanSession": False, "keepAlive": 15, "bindingVersion": "0.2.0"}},
    }


def _names(channel: Channel) -> list[str]:
    bare = ["flight-plan", "icao-fpl"] if channel.topic is topics.INJECT else []
    return [tag(kind) for kind in channel.topic.messages] + bare


def _channel(channel: Channel) -> dict[str, Any]:
    levels = [name for name in PARAMETERS if f"{{{name}}}" in channel.topic.template]
    found: dict[str, Any] = {
        "address": channel.topic.template,
        "description": f"{channel.purpose} Said by {channel.said_by}, heard by {channel.heard_by}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _names(channel)},
    }
    if levels:
        found["parameters"] = {name: {"description": PARAMETERS[name]} for name in levels}
    return found


def _actions(channel: Channel) -> tuple[str, ...]:
    """What a centre does on it; of a channel that is not its business, how to listen."""
    return ("send", "receive") if channel.centre == "both" else (channel.centre or "receive",)


def _operation(channel: Channel, action: str) -> tuple[str, dict[str, Any]]:
    binding: dict[str, Any] = {"qos": channel.topic.qos, "bindingVersion": "0.2.0"}
    if action == "send":
        binding["retain"] = channel.topic.retain
    return f"{'say' if action == 'send' else 'hear'}-{channel.name}", {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.purpose,
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{name}"} for name in _names(channel)],
        "bindings": {"mqtt": binding},
    }


def _message_components() -> dict[str, Any]:
    shown = {type(example): example for example in examples()}
    if lacking := [kind.__name__ for kind in messages() if kind not in shown]:
        raise LookupError(f"no example of {', '.join(lacking)} in protocol/hotline_protocol/examples.py")
    found: dict[str, Any] = {
        tag(kind): {
            "name": tag(kind),
            "title": kind.__name__,
            "summary": summary(kind),
            "correlationId": {
                "description": "The message that this one answers.",
                "location": "$message.payload#/cause",
            },
            "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
            "examples": [{"payload": msgspec.to_builtins(shown[kind])}],
        }
        for kind in messages()
    }
    return found | {"flight-plan": _bare_plan(), "icao-fpl": _bare_fpl()}


def _bare_plan() -> dict[str, Any]:
    return {
        "name": "flight-plan",
        "title": "A plan without an envelope",
        "summary": "For any MQTT client: one plan, an array of plans, or an object with an array `plans`.",
        "payload": {"$ref": "#/components/schemas/FlightPlan"},
        "examples": [{"payload": msgspec.to_builtins(PLAN)}],
    }


def _bare_fpl() -> dict[str, Any]:
    return {
        "name": "icao-fpl",
        "title": "ICAO flight plan messages",
        "summary": "One or more filed flight plans (ICAO Doc 4444, format of 2012) as text.",
        "contentType": "text/plain",
        "payload": {"type": "string"},
        "examples": [{"payload": FPL}],
    }


def _draft_7(value: Any) -> Any:
    """AsyncAPI's own schema dialect is JSON Schema's draft 7, in which tuples are written otherwise."""
    if isinstance(value, list):
        return [_draft_7(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _draft_7(item) for key, item in value.items()}
    if "prefixItems" in found:
        found["items"] = found.pop("prefixItems")
    return found


# Tables and diagrams for docs/protocol.md


def sections() -> Mapping[str, str]:
    """The generated sections of the protocol's documentation, by name, in Markdown."""
    return {
        "topics": _topic_table(),
        "rights": _rights_table(),
        "messages": "\n".join(_message_table(channel) for channel in CHANNELS).rstrip("\n"),
        "call": _diagram(lifecycle.CALL),
        "negotiation": _diagram(lifecycle.NEGOTIATION),
        "review": _diagram(lifecycle.REVIEW),
        "plan": _diagram(lifecycle.PLAN),
        "problems": _problem_table(),
    }


def fill(text: str, tables: Mapping[str, str]) -> str:
    """The text with each ``<!-- begin NAME -->`` ... ``<!-- end NAME -->`` holding the table of that name."""
    for name, section in tables.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if found and ended:
            text = f"{before}{begin}\n{section}\n{end}{after}"
    return text


def summary(thing: object) -> str:
    """The first paragraph of its docstring, in one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n", maxsplit=1)[0].split()).replace("``", "`")


def _problem_table() -> str:
    lines = ["| code | of | what is wrong |", "|---|---|---|"]
    for group, codes in GROUPS.items():
        lines += [f"| `{code}` | {group} | {meaning} |" for code, meaning in codes.items()]
    return "\n".join(lines)


def _topic_table() -> str:
    lines = [
        "| topic | said by | heard by | retained | signed | kept by the sender until | what it is for |",
        "|---|---|---|---|---|---|---|",
    ]
    for channel in CHANNELS:
        topic = channel.topic
        until = "the receiver's receipt" if topic.receipted else "the broker has it"
        lines.append(
            f"| `{topic.template}` | {channel.said_by} | {channel.heard_by} "
            f"| {'yes' if topic.retain else 'no'} | {'yes' if topic.signed else 'no'} | {until} | {channel.purpose} |"
        )
    return "\n".join(lines)


_NAMES: Final = {
    Role.CENTRE: "a party's",
    Role.DESK: "`PARTY-desk`",
    Role.ANYBODY: "any other, on `inject/{to}`",
}


def _rights_table() -> str:
    lines = ["| name | what it is | what it may say |", "|---|---|---|"]
    for role, rights in RIGHTS.items():
        said = "; ".join(_said_on(channel, rights.says) for channel in CHANNELS if _says_on(channel, rights.says))
        lines.append(f"| {_NAMES.get(role, f'`{role.value}`')} | {rights.summary} | {said or 'nothing'} |")
    return "\n".join(lines)


def _says_on(channel: Channel, says: frozenset[type[Message]]) -> list[type[Message]]:
    """What of this is said on this topic, and on none before it."""
    kinds = channel.topic.messages
    return [kind for kind in kinds if kind in says and topics.topic_of_kind(kind) is channel.topic]


def _said_on(channel: Channel, says: frozenset[type[Message]]) -> str:
    kinds = _says_on(channel, says)
    rest = [kind for kind in channel.topic.messages if kind not in says]
    if not rest and len(kinds) > 1:
        return f"everything on `{channel.name}`"
    if rest and len(rest) < len(kinds):
        return f"everything on `{channel.name}` but {', '.join(f'`{tag(kind)}`' for kind in rest)}"
    return ", ".join(f"`{tag(kind)}`" for kind in kinds)


def _message_table(channel: Channel) -> str:
    envelope = set(Message.__struct_fields__)
    lines = [f"### `{channel.topic.template}`\n"]
    kinds = [kind for kind in channel.topic.messages if topics.topic_of_kind(kind) is channel.topic]
    if not kinds:
        return f"{lines[0]}\nOf the messages above: {', '.join(f'`{tag(kind)}`' for kind in channel.topic.messages)}.\n"
    lines += ["| `type` | fields | what it says |", "|---|---|---|"]
    for kind in kinds:
        fields = ", ".join(f"`{field}`" for field in kind.__struct_fields__ if field not in envelope)
        name = tag(kind)
        lines.append(f"| [`{name}`](../protocol/schemas/{name}.json) | {fields} | {summary(kind)} |")
    return "\n".join(lines) + "\n"


def _diagram(table: Mapping[tuple[S, Any], S]) -> str:
    """A life cycle as a Mermaid state diagram: it begins where nothing leads to, or at its first state."""
    states = {state: None for (before, _), after in table.items() for state in (before, after)}
    begin = [state for state in states if state not in table.values()] or list(states)[:1]
    steps: dict[tuple[S, S], list[str]] = {}
    for (before, step), after in table.items():
        steps.setdefault((before, after), []).append(str(step.value).replace(";", ","))
    lines = [f'    state "{state.value}" as {state.name}' for state in states]
    lines += [f"    [*] --> {state.name}" for state in begin]
    lines += [f"    {before.name} --> {after.name} : {' / '.join(names)}" for (before, after), names in steps.items()]
    lines += [f"    {state.name} --> [*]" for state in states if state not in {before for before, _ in table}]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
