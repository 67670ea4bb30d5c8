"""What further parties need of the compose stack: docker-compose.override.yml, which compose reads by itself."""

from collections.abc import Sequence
from typing import Final

from hotline_protocol.names import desk_of
from hotline_services.keys.passwords import variable_of

MARK: Final = "# Written by `hotline party` from parties.toml: use it to change this."
PLAYING: Final = ("monitor", "page", "sky", "director")


def service_of(party: str) -> str:
    """The name of the centre of this party in the compose stack."""
    return f"{party}-aoc"


def override(first: Sequence[str], further: Sequence[str], scenario: str) -> str:
    """The override for ``further`` parties beside the ``first`` ones, all of them playing this scenario."""
    lines = [MARK, "services:", "  setup:", "    environment:"]
    lines += [f"      {(name := variable_of(desk_of(party)))}: ${{{name}:-}}" for party in further]
    lines += ["    volumes:", *(f"      - {party}-keys:/keys/{party}" for party in further)]
    for name in (*map(service_of, first), *PLAYING):
        lines += [f"  {name}:", *_played(scenario)]
    for party in further:
        lines += _centre(party, first[0], scenario)
    lines += ["volumes:", *(f"  {party}-{kind}:" for party in further for kind in ("keys", "data"))]
    return "\n".join(lines) + "\n"


def _played(scenario: str) -> list[str]:
    return ["    environment:", f"      HOTLINE_SCENARIO: ${{HOTLINE_SCENARIO:-{scenario}}}"]


def _centre(party: str, like: str, scenario: str) -> list[str]:
    shown = "--cert, /identity/client.crt, --cert-key, /identity/client.key"
    return [
        f"  {service_of(party)}:",
        f"    extends: {{file: docker-compose.yml, service: {service_of(like)}}}",
        f'    command: [run, aoc, {party}, --broker, "mqtts://{party}@broker:8884", {shown}]',
        *_played(scenario),
        "    volumes:",
        f"      - {party}-data:/data",
        f"      - {party}-keys:/identity:ro",
        f"    healthcheck: {{test: [CMD, python, -m, hotline_services.cli.health, {party}]}}",
    ]
