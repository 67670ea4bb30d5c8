"""Commands over the monitor's record of the world about the line: crossings, encounters, flights, strain."""

from hotline_services.monitor.wording import duration, words
from hotline_services.monitor.worldlog import place
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow, FlightRow, StrainRow

from .query import ALL, Query, Reading, answer
from .tables import Column, show
from .texts import time_text, word_text

YES_NO = {True: "yes", False: "NO"}


def crossings(*, query: Query = ALL) -> int:
    """List the flights that crossed the line, or entered a zone for which they needed consent.

    Agreed is what lay in agreed air; a flight that nobody had been told of is unannounced.

    For example:

    hotline crossings --since 1d --party ru

    hotline crossings --json | jq 'map(select(.conforming | not)) | length'

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(CrossingRow, lambda row: (row.side, row.operator))
        show(rows, CROSSINGS, json=query.json, empty="No crossings.")

    return answer("crossings", query, respond)


CROSSINGS = (
    Column("at", lambda row: time_text(row.at)),
    Column("side", lambda row: row.side or "nobody's"),
    Column("operator", lambda row: row.operator),
    Column("callsign", lambda row: row.callsign),
    Column("crossed", lambda row: row.what),
    Column("way", lambda row: "outbound" if row.outbound else "homebound"),
    Column("agreed", lambda row: YES_NO[row.conforming]),
    Column("announced", lambda row: YES_NO[row.announced]),
    Column("feet", lambda row: f"{row.altitude_ft:,.0f}", at_right=True),
    Column("where", lambda row: place(row.position) if row.position else ""),
)


def encounters(*, query: Query = ALL) -> int:
    """List where two aircraft that are not under one control lost separation, and how close they came.

    For example:

    hotline encounters --since 1d

    hotline encounters --json | jq 'group_by(.grade) | map({(.[0].grade): length}) | add'

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(EncounterRow, lambda row: (row.one_side, row.other_side))
        show(rows, ENCOUNTERS, json=query.json, empty="No encounters.")

    return answer("encounters", query, respond)


ENCOUNTERS = (
    Column("closest", lambda row: time_text(row.at)),
    Column("grade", lambda row: word_text(row.grade)),
    Column("one", lambda row: f"{row.one} ({row.one_side})"),
    Column("other", lambda row: f"{row.other} ({row.other_side})"),
    Column("NM", lambda row: f"{row.horizontal_nm:.2f}", at_right=True),
    Column("feet", lambda row: f"{row.vertical_ft:,.0f}", at_right=True),
    Column("below separation", lambda row: duration(row.lasted_s), at_right=True),
    Column("where", lambda row: place(row.position) if row.position else ""),
)


def flights(*, query: Query = ALL) -> int:
    """List the flights that were flown, and how far they kept to the air that they were to use.

    ASTM F3548 asks for 95 % of the time inside it, and no longer than 10 s outside at once.

    For example:

    hotline flights --party us --since 6h

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(FlightRow, lambda row: (row.side, row.operator))
        show(rows, FLIGHTS, json=query.json, empty="No flights have ended.")

    return answer("flights", query, respond)


FLIGHTS = (
    Column("ended", lambda row: time_text(row.at)),
    Column("side", lambda row: row.side or "nobody's"),
    Column("operator", lambda row: row.operator),
    Column("callsign", lambda row: row.callsign),
    Column(
        "flew", lambda row: duration((row.at - row.began_at).total_seconds()) if row.began_at else "", at_right=True
    ),
    Column("in its air", lambda row: f"{row.conforming_share:.1%}", at_right=True),
    Column("longest outside", lambda row: duration(row.longest_excursion_s), at_right=True),
    Column("announced", lambda row: YES_NO[row.announced]),
    Column("deviation", lambda row: words(row.deviation)),
)


def strain(*, query: Query = ALL) -> int:
    """List how strained each side was with the other, step by step: what was felt, and the sum that was done.

    For example:

    hotline strain --party ru --since 2d

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(StrainRow, lambda row: (row.party, row.peer))
        cause = Column("in", lambda row: opened.origin(row.cause) if row.cause else "—")
        show(rows, (*STRAIN, cause), json=query.json, empty="No step of strain is on record.")

    return answer("strain", query, respond)


STRAIN = (
    Column("at", lambda row: time_text(row.at)),
    Column("of", lambda row: row.party),
    Column("with", lambda row: row.peer),
    Column("stage", lambda row: word_text(row.stage)),
    Column("from", lambda row: f"{row.before:.1f}", at_right=True),
    Column("to", lambda row: f"{row.after:.1f}", at_right=True),
    Column("because", lambda row: words(row.because)),
    Column("sum", lambda row: row.arithmetic),
)
