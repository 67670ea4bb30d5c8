"""What the enumerations of the protocol are made of."""

import enum


class Word(enum.Enum):
    """One of a few words; its value is what stands in a message."""

    # An Enum hashes its name, in Python and anew each time. There is one object a member, and so this says the same.
    __hash__ = object.__hash__


class Ranked(Word):
    """Words in a meaningful order: ``rank`` is 0 for the first."""

    rank: int

    def __init__(self, _value: str) -> None:
        self.rank = len(type(self).__members__)  # those before it
