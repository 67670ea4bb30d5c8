"""Every topic, in one place: its name, what may be said on it, and how it is to be delivered."""

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from .events import EventMessage, PlanStatus
from .injection import InjectedMessage
from .line import LineMessage
from .message import Message
from .names import ANONYMOUS
from .orders import DeskOrder
from .service import Clock, EpochBegun, Health, Receipt, Resend, Stop, Unreadable
from .sky import Tracks
from .whole_numbers import decode_json

ROOT: Final = "hotline/v1"
EVERYTHING: Final = f"{ROOT}/#"


class MalformedMessageError(Exception):
    """The bytes are no message that may be said on this topic: the sender's fault.

    Carries what kind of fault it is, the field, the reason and the evidence.
    """

    def __init__(self, topic: str, field: str, reason: str, payload: bytes, code: str = "malformed") -> None:
        super().__init__(f"{topic}: {field}: {reason}")
        self.topic = topic
        self.field = field
        self.reason = reason
        self.payload = payload
        self.code = code


class Topic:
    """A typed topic. ``{name}`` levels are filled from the message's fields of that name.

    On a ``signed`` topic, whoever has a key signs what it says, and whoever has a roster of keys takes nothing else.
    On an ``anonymous`` one nobody knows who speaks: what is decoded from it is not counted, whatever it says.
    """

    def __init__(
        self,
        template: str,
        messages: Any,
        *,
        qos: int = 1,
        retain: bool = False,
        receipted: bool = False,
        signed: bool = False,
        anonymous: bool = False,
    ) -> None:
        self.template: Final = f"{ROOT}/{template}"
        self.messages: Final[tuple[type[Message], ...]] = get_args(messages) or (messages,)
        self.qos: Final = qos
        self.retain: Final = retain
        self.receipted: Final = receipted
        self.signed: Final = signed
        self.anonymous: Final = anonymous
        self._union: Final = messages
        self._fields: Final = tuple(re.findall(r"{(\w+)}", template))
        levels = self.template.split("/")
        self._source_level: Final = levels.index("{source}") if "{source}" in levels else 0

    @cached_property
    def _decoder(self) -> "msgspec.json.Decoder[Any]":
        return msgspec.json.Decoder(self._union)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.template))

    def address(self, message: Message) -> str:
        """The topic name that this message goes to."""
        return self.template.format(**{field: getattr(message, field) for field in self._fields})

    def filter(self, **levels: str) -> str:
        """A subscription: the named levels fixed, the others ``+``."""
        return self.template.format(**{field: levels.get(field, "+") for field in self._fields})

    def match(self, name: str) -> dict[str, str] | None:
        """The levels of a topic name, or None when it is not this topic."""
        found = self._pattern.fullmatch(name)
        return found.groupdict() if found else None

    def source_in(self, name: str) -> str:
        """Who says what is said on the topic of this name, as far as the name tells; else empty."""
        levels = name.split("/", self._source_level + 1) if self._source_level else []
        return levels[self._source_level] if len(levels) > self._source_level else ""

    def decode(self, name: str, payload: bytes) -> Message:
        """The message in these bytes, with its address checked. Raises MalformedMessageError."""
        try:
            message: Message = decode_json(self._decoder, payload)
        except UNDECODABLE as error:
            reason, field = split_validation_error(str(error))
            raise MalformedMessageError(name, field, reason, payload) from error
        if self.address(message) != name:
            raise MalformedMessageError(
                name, "topic", f"the message is addressed to {self.address(message)}, not to {name}", payload
            )
        return msgspec.structs.replace(message, seq=0) if self.anonymous and message.seq else message


def split_validation_error(text: str) -> tuple[str, str]:
    """msgspec's message as (reason, field): ``... - at `$.plan.end``` names ``plan.end``."""
    found = re.search(r"^(.*?) - at (?:`key` in )?`\$?\.?(.*?)`$", text, re.DOTALL)
    if found:
        return found[1], found[2] or "message"
    missing = re.search(r"missing required field `(\w+)`", text)
    return text, missing[1] if missing else "message"


ORDER: Final = Topic("order/{source}/{to}", InjectedMessage | DeskOrder | Stop, receipted=True, signed=True)
INJECT: Final = Topic("inject/{to}", InjectedMessage | DeskOrder, receipted=True, anonymous=True)
"""Open to whoever may type there. Messages of :data:`ORDER`, without saying who orders."""
LINE: Final = Topic("line/{source}/{to}", LineMessage, receipted=True, signed=True)
STATUS: Final = Topic("status/{source}/{plan_id}", PlanStatus, signed=True)
EVENT: Final = Topic("event/{source}", EventMessage, signed=True)
HEALTH: Final = Topic("health/{source}", Health, retain=True, signed=True)
CLOCK: Final = Topic("clock", Clock, retain=True, signed=True)
CONTROL: Final = Topic("control/{source}/{to}", Resend)
OLD_CONTROL: Final = Topic("control/{to}", Stop | Resend, anonymous=True)
"""As it was before it named its source: requests to say again are still taken."""
RECEIPT: Final = Topic("receipt/{source}/{to}", Receipt, signed=True)
TRACK: Final = Topic("track/{source}", Tracks, qos=0)

TOPICS: Final = (ORDER, INJECT, LINE, STATUS, EVENT, HEALTH, CLOCK, CONTROL, OLD_CONTROL, RECEIPT, TRACK)
_SIGNED: Final = {topic.template.split("/")[2]: topic for topic in TOPICS if topic.signed}
_BY_TYPE: Final = {kind: topic for topic in reversed(TOPICS) for kind in topic.messages}


def topic_of(message: Message) -> Topic:
    """The topic that a service says this type of message on."""
    return _BY_TYPE[type(message)]


def topic_of_kind(kind: type[Message]) -> Topic:
    """The same, of the type."""
    return _BY_TYPE[kind]


def address_of(message: Message) -> str:
    """The full topic name that this message goes to, or has come by."""
    topic = topic_of(message)
    return (INJECT if topic is ORDER and message.source == ANONYMOUS else topic).address(message)


@lru_cache(maxsize=1_024)
def topic_at(name: str) -> Topic | None:
    """The topic of which this is an address."""
    return next((topic for topic in TOPICS if topic.match(name) is not None), None)


def is_state(name: str) -> bool:
    """Whether the broker is to keep what is said at this address for those who come later."""
    topic = topic_at(name)
    return topic is not None and topic.retain


def signed_topic(name: str) -> Topic | None:
    """The signed topic that this name is of, going by its kind (``line`` in ``hotline/v1/line/us/ru``); else None."""
    levels = name.split("/", 3)
    return _SIGNED.get(levels[2]) if len(levels) > 2 else None


def is_kept(message: Message) -> bool:
    """False for what is out of date as soon as it is said: it is sent once, and neither numbered nor written down."""
    return topic_of(message).qos > 0


def encode(message: Message) -> bytes:
    """The message as JSON bytes."""
    return _encoder.encode(message)


def decode(name: str, payload: bytes) -> Message:
    """The message that arrived on this topic name. Raises MalformedMessageError."""
    topic = topic_at(name)
    if topic is not None:
        return topic.decode(name, payload)
    raise MalformedMessageError(name, "topic", "no such topic", payload)


SaidMessage = (
    InjectedMessage
    | DeskOrder
    | LineMessage
    | PlanStatus
    | EventMessage
    | Tracks
    | Health
    | Clock
    | Stop
    | Resend
    | Receipt
)
"""Whatever is said on a topic."""
AnyMessage = SaidMessage | Unreadable | EpochBegun
if TYPE_CHECKING:
    StoredMessage = Message
else:
    StoredMessage = AnyMessage
"""A field of this type holds any message, and is read back as what it was."""
_encoder: Final = msgspec.json.Encoder()
_any: "Final[msgspec.json.Decoder[AnyMessage]]" = msgspec.json.Decoder(AnyMessage)

UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no message: another form, text that is not UTF-8, too deep a nesting."""


def decode_any(payload: bytes) -> Message:
    """A message of any type, as stored in a journal or a recording. Raises what :data:`UNDECODABLE` names."""
    return decode_json(_any, payload)
