"""How the examiner's letters are signed: as they should be, or as somebody would who forges them."""

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hotline_protocol.signature import SignatureError
from hotline_protocol.topics import CLOCK
from hotline_services.delivery.payloads import UNSIGNED, Signing, as_it_stands

if TYPE_CHECKING:
    from .peer import Letter

Sign = Callable[[str, bytes], bytes]


class SignedBy(enum.Enum):
    """Whose signature a letter bears."""

    ITSELF = "itself"
    NOBODY = "nobody"
    STRANGER = "stranger"
    ANOTHER = "another"
    """Ours, but for another topic."""


class Seals:
    """Signs as the ``party`` that the examiner speaks as, as who orders from ``outside``, or as nobody whom anybody
    knows. Without keys everything goes unsigned."""

    def __init__(self, party: Signing = UNSIGNED, outside: Signing = UNSIGNED, stranger: Sign = as_it_stands) -> None:
        self._party: Final = party
        self._outside: Final = outside
        self._stranger: Final = stranger

    def payload(self, letter: "Letter") -> bytes:
        """What goes out. Bytes that cannot be signed, such as rubbish, go as they are."""
        sign = (self._outside if letter.is_injected or letter.topic == CLOCK.template else self._party).sign
        topic = letter.topic
        match letter.signed_by:
            case SignedBy.NOBODY:
                return letter.payload
            case SignedBy.STRANGER:
                sign = self._stranger
            case SignedBy.ANOTHER:
                topic = f"{topic}-else"
            case SignedBy.ITSELF:
                pass
        try:
            return sign(topic, letter.payload)
        except SignatureError:
            return letter.payload
