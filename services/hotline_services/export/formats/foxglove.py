"""The run as MCAP, the log format of robotics that Foxglove opens: a channel a topic, JSON with its JSON Schema.

The format: https://mcap.dev/spec. A message's log time is when it was recorded, its publish time what its author wrote
on it. A topic of the protocol that has its speaker's name in it is one channel, under its template.
"""

from collections.abc import Iterable
from typing import Any, BinaryIO, Final

import msgspec

from hotline_protocol.topics import TOPICS, Topic, encode, topic_of
from hotline_services.extras import extra
from hotline_services.monitor.traces import nanoseconds
from hotline_services.runtime.recording import Header, Recorded

COMMON: Final = ("type", "id", "source", "seq", "time", "epoch")


class _Counted:
    """A file that knows how far it is, which a pipe does not."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: Final = file
        self._written = 0

    def write(self, data: bytes) -> int:
        """All of it, at the end."""
        self._written += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """How much has been written."""
        return self._written

    def flush(self) -> None:
        """Hand on what has been written."""
        self._file.flush()


def write_mcap(file: BinaryIO, header: Header, recorded: Iterable[Recorded], version: str) -> int:
    """Write all that was recorded; returns how many messages. Raises MissingExtraError, and OSError of the file."""
    writer = extra("mcap.writer").Writer(_Counted(file))
    writer.start(profile="", library=f"hotline {version}")
    told = {name: str(value) for name, value in msgspec.to_builtins(header).items() if value is not None}
    writer.add_metadata("hotline recording", told)
    channels = {topic: _channel(writer, topic) for topic in TOPICS}
    count = 0
    for count, each in enumerate(recorded, start=1):
        writer.add_message(
            channel_id=channels[topic_of(each.message)],
            log_time=nanoseconds(each.at),
            publish_time=nanoseconds(each.message.time),
            sequence=count,
            data=encode(each.message),
        )
    writer.finish()
    return count


def _channel(writer: Any, topic: Topic) -> int:
    schema = msgspec.json.encode(schema_of(topic))
    schema_id = writer.register_schema(name=f"hotline.{topic.template}", encoding="jsonschema", data=schema)
    return int(writer.register_channel(topic=topic.template, message_encoding="json", schema_id=schema_id))


def schema_of(topic: Topic) -> dict[str, Any]:
    """The JSON Schema of all that may be said on a topic: an object, as Foxglove wants it, of one of these kinds."""
    found, definitions = msgspec.json.schema_components(topic.messages, ref_template="#/$defs/{name}")
    common = {"type": "string"}
    return {
        "title": topic.template,
        "type": "object",
        "properties": {name: {"type": "integer"} if name == "seq" else common for name in COMMON},
        "required": ["type", "id", "source", "seq", "time"],
        "anyOf": list(found),
        "$defs": definitions,
    }
