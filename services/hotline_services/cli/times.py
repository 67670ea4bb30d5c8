"""Times as they are written on the command line."""

from datetime import UTC, datetime


def read_moment(text: str) -> datetime:
    """ISO 8601 such as ``2017-08-20T07:30Z``, in UTC unless it says otherwise. Raises ValueError."""
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_at(text: str | None) -> datetime | None:
    """The time that ``--at`` names; None for none. Raises ValueError with a sentence for the user."""
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError as error:
        raise ValueError(f"--at: {text!r} is no time such as 2017-08-20T07:30Z") from error


def outside(at: datetime, start: datetime, end: datetime) -> str | None:
    """What to say of a time that is asked for and lies outside the run; None within it."""
    if start <= at <= end:
        return None
    first, last = (each.astimezone(UTC).isoformat(timespec="minutes") for each in (start, end))
    return f"--at: {at.isoformat(timespec='minutes')} is not in this run, which goes from {first} to {last}"
