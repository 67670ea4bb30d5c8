"""How single values of rows are told in tables."""

from datetime import datetime

from hotline_services.monitor.wording import date_time_group, words


def time_text(at: datetime | None) -> str:
    """A date-time group; nothing for None."""
    return date_time_group(at) if at else ""


def word_text(member: object) -> str:
    """A member of one of the protocol's enumerations as words; nothing for None."""
    return words(str(getattr(member, "value", "")))
