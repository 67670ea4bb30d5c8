"""What is in the air at one moment, as readsb writes it and tar1090 shows it.

The format: README-json.md of readsb (https://github.com/wiedehopf/readsb). Addresses begin with ``~``, by which it
marks those that are no aircraft's: none here can be taken for a real one. Heights are above mean sea level and stand
where a transponder would put its pressure altitude; in this sky, which has no weather, the two are the same.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from hotline_protocol.sky import Track
from hotline_services.monitor.latestrows import AirborneRow, airborne_key
from hotline_services.monitor.positions import track_at

ADDRESSES: Final = 1 << 24
REFRESH_MS: Final = 1_000
CENTRE: Final = (35.0, 39.0)
"""Latitude and longitude of the middle of the theatre, where the receiver is said to be."""
CALLSIGN_LENGTH: Final = 8
MILITARY: Final = 1


def aircraft_json(rows: Iterable[AirborneRow], at: datetime, messages: int = 0) -> bytes:
    """``aircraft.json`` at this time. ``messages`` is how many have been heard since the run began."""
    tracks = [track for row in rows if (track := track_at(row, at)) is not None]
    aircraft = [_aircraft(track, address) for track, address in zip(tracks, addresses(tracks), strict=True)]
    return msgspec.json.encode({"now": round(at.timestamp(), 3), "messages": messages, "aircraft": aircraft})


def receiver_json(version: str) -> bytes:
    """``receiver.json``: asked for once, when the page opens. There is no history to load."""
    lat, lon = CENTRE
    receiver = {"version": f"hotline {version}", "refresh": REFRESH_MS, "history": 0, "lat": lat, "lon": lon}
    return msgspec.json.encode(receiver)


def addresses(tracks: Sequence[Track]) -> list[str]:
    """A made-up address for each, the same whenever it is asked for: 24 bits of what names the flight.

    Two flights that would have the same one at the same time are told apart by the next one that is free.
    """
    found: dict[int, None] = {}
    for track in tracks:
        number = int.from_bytes(hashlib.sha256(airborne_key(track).encode()).digest()[:3])
        while number in found:
            number = (number + 1) % ADDRESSES
        found[number] = None
    return [f"~{number:06x}" for number in found]


def _aircraft(track: Track, address: str) -> dict[str, Any]:
    return {
        "hex": address,
        "type": "other",
        "flight": _callsign(track.callsign),
        "alt_baro": round(track.altitude_ft),
        "gs": track.speed_kt,
        "track": track.track_deg,
        "baro_rate": round(track.climb_fpm),
        "lat": track.lat_deg,
        "lon": track.lon_deg,
        "seen_pos": 0.0,
        "seen": 0.0,
        "messages": 1,
        "rssi": -10.0,
        "dbFlags": MILITARY,
        "ownOp": track.operator,
        "mlat": [],
        "tisb": [],
    }


def _callsign(text: str) -> str:
    """Eight letters and digits, filled up with blanks, as a transponder has them; anything else is left out."""
    kept = "".join(char for char in text.upper() if char.isascii() and char.isalnum())
    return kept[:CALLSIGN_LENGTH].ljust(CALLSIGN_LENGTH)
