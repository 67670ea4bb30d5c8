"""`hotline party`: adds a party to the compose stack, removes one, or gives one new keys."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import App

from hotline_protocol.names import desk_of
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.joining import members
from hotline_services.joining.members import Members, PartyError, Shipped
from hotline_services.keys.folder import PEOPLE, KeysError, Wanted, make_missing, passwords_in
from hotline_services.keys.rights import AccessListError, known_identities
from hotline_services.text_files import read_bytes, read_text
from hotline_services.whole import whole_file, write_secret

from .options import Flag, party_name
from .query import complain
from .runfile import NAME, RunFile, run_file_text
from .tables import write_json

HERE: Final = Path()

party = App(name="party", help="Add a party to the compose stack, remove one, or give one new keys.")


class Change(msgspec.Struct, frozen=True):
    """What becomes of a file."""

    file: str
    change: str


@party.command
def add(
    name: str,
    /,
    *,
    like: str | None = None,
    scenario: str | None = None,
    tree: Path = HERE,
    dry_run: Annotated[bool, Flag] = False,
    force: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Add a party to the compose stack here: everything that its centre needs is written.

    These are its rights at the broker (compose/acl), a scenario and an agreement that name it, to be edited
    (scenarios/*-parties.toml), and its service, volumes and desk in docker-compose.override.yml. Its keys and password
    are made by the setup service at the next start. Added again, only what is missing is written.

    Examples:

    hotline party add tr --like us --dry-run

    hotline party add tr && docker compose up --build --wait

    hotline simulate scenarios/valley-day-parties.toml --days 1

    The exit code is 0, or 2 when it cannot be done; then nothing is written.

    Parameters
    ----------
    name
        Its name: lowercase letters, digits and hyphens, such as tr.
    like
        The party whose configuration and kind of flights it gets; by default the first one of the scenario.
    scenario
        The shipped scenario that it joins; by default valley-day, or that of the parties added before.
    tree
        The folder of docker-compose.yml.
    dry_run
        Only tell what would be written.
    force
        Write over files that were edited by hand.
    json
        The files as a list of JSON objects.
    """
    try:
        party_name("NAME", name)
        before = _members(tree)
        base = msgspec.structs.replace(before, scenario=scenario or before.scenario)
        if before.parties and base != before:
            raise PartyError(f"--scenario: the parties here have joined {before.scenario}: remove them first")
        shipped = _shipped(tree, base.scenario)
        after = members.with_party(base, shipped, name, like or before.parties.get(name) or shipped.parties[0])
        changes = _write(tree, before, after, dry_run=dry_run, force=force)
        _warn_of_another_scenario(tree, f"{after.scenario}-parties")
    except (PartyError, ValueError, OSError) as error:
        return complain("party add", _sentence(error))
    _tell(changes, json=json, dry_run=dry_run)
    return 0


@party.command
def remove(
    name: str,
    /,
    *,
    tree: Path = HERE,
    dry_run: Annotated[bool, Flag] = False,
    force: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Remove a party that was added: its rights, its place in scenario and agreement, and its service.

    Its volumes stay until docker volume rm removes them. Its certificate lets it in no further than to no rights at
    all.

    For example:

    hotline party remove tr && docker compose up -d --remove-orphans

    The exit code is 0, or 2 when it cannot be done; then nothing is written.

    Parameters
    ----------
    name
        The party.
    tree
        The folder of docker-compose.yml.
    dry_run
        Only tell what would be written.
    force
        Write over or remove files that were edited by hand.
    json
        The files as a list of JSON objects.
    """
    try:
        before = _members(tree)
        changes = _write(tree, before, members.without_party(before, name), dry_run=dry_run, force=force)
    except (PartyError, ValueError, OSError) as error:
        return complain("party remove", _sentence(error))
    _tell(changes, json=json, dry_run=dry_run)
    return 0


@party.command
def rekey(
    name: str,
    /,
    *,
    keys: Path = Path("keys"),
    acl: Path = members.ACCESS_LIST,
    dry_run: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Give a party a new certificate and its desk a new password; the old certificate is revoked.

    The broker takes the new ones, and shuts the old ones out, once it is started again.

    Examples:

    docker compose run --rm setup party rekey tr --keys /keys --acl /hotline/acl

    docker compose up -d --force-recreate broker tr-aoc

    The exit code is 0, or 2 when it cannot be done.

    Parameters
    ----------
    name
        The party.
    keys
        The folder of keys, as hotline keys make has made it; of the compose stack it is in volumes.
    acl
        The broker's access list.
    dry_run
        Only tell whose keys would be made anew.
    json
        What was made as a list.
    """
    try:
        services, people = known_identities(read_text(acl))
        if name not in services:
            raise PartyError(f"{name} is not in {acl}: {', '.join(services)} are")
        if not (keys / name / "client.crt").exists():
            raise PartyError(
                f"{keys} holds no keys of {name}; those of the compose stack are in volumes: "
                f"docker compose run --rm setup party rekey {name} --keys /keys --acl /hotline/acl"
            )
        renew = frozenset({name, desk_of(name)} & {*services, *people})
        made = sorted(renew) if dry_run else _renewed(keys, services, people, renew)
    except (PartyError, KeysError, AccessListError, OSError) as error:
        return complain("party rekey", _sentence(error))
    if json:
        write_json(made)
    else:
        print(*(f"{'would make anew' if dry_run else 'made'} {each}" for each in made), sep="\n")
    return 0


def _renewed(keys: Path, services: list[str], people: list[str], renew: frozenset[str]) -> list[str]:
    readable = bool((keys / services[0] / "client.key").stat().st_mode & 0o004)
    wanted = Wanted(services=services, people=people, server_names=(), renew=renew, readable=readable)
    made = make_missing(keys, wanted, datetime.now(UTC))
    told = keys / PEOPLE / NAME
    if told.exists():
        run = msgspec.json.decode(read_bytes(told), type=RunFile)
        run = msgspec.structs.replace(run, passwords=passwords_in(keys / PEOPLE))
        write_secret(told, run_file_text(run), 0o644 if readable else 0o600)
    return made


def _members(tree: Path) -> Members:
    """The list of further parties in this tree. Raises PartyError and OSError."""
    if not (tree / members.COMPOSE).exists():
        raise PartyError(
            f"{tree.resolve()} has no {members.COMPOSE}: run it where that is, or name the folder by --tree"
        )
    file = tree / members.LIST
    return members.read_members(read_text(file)) if file.exists() else Members()


def _shipped(tree: Path, scenario: str) -> Shipped:
    """What this tree ships of a scenario. Raises PartyError and OSError."""
    file = tree / "scenarios" / f"{scenario}.toml"
    try:
        agreed = read_scenario(str(file))
    except ScenarioError as error:
        raise PartyError(f"--scenario: {error}") from error
    text = read_text(file)
    named = next((line for line in text.splitlines() if line.startswith("agreement = ")), "").split('"')
    if len(named) < 3 or named[1].endswith(".toml"):
        raise PartyError(f"--scenario: {scenario} names no shipped agreement that could be extended")
    agreement = read_text(tree / "scenarios" / "agreements" / f"{named[1]}.toml")
    return Shipped(scenario=text, agreement=agreement, parties=tuple(agreed.agreement.parties))


def _write(tree: Path, before: Members, after: Members, *, dry_run: bool, force: bool) -> list[Change]:
    """Bring the files of the tree from one list to the other. Raises PartyError, before anything is written."""
    shipped = _shipped(tree, after.scenario)
    wanted = members.files_of(after, shipped)
    found = {path: _text(tree / path) for path in wanted}
    edited = members.edited(found, members.files_of(before, shipped))
    if before == after and not force:  # whoever has edited a stub keeps it
        wanted = {path: found[path] if path in edited else text for path, text in wanted.items()}
    elif edited and not force:
        names = " and ".join(map(str, edited))
        raise PartyError(f"{names}: somebody has written this by hand; move it away, or use --force to write over it")
    changes = [Change(str(path), _kind(found[path], text)) for path, text in wanted.items()]
    for path, text in wanted.items():
        if dry_run or text == found[path]:
            continue
        if text is None:
            (tree / path).unlink()
            continue
        with whole_file(tree / path) as file:
            file.write(text.encode())
    return changes


def _text(file: Path) -> str | None:
    return read_text(file) if file.exists() else None


def _kind(found: str | None, wanted: str | None) -> str:
    if found == wanted:
        return "unchanged"
    if wanted is None:
        return "removed"
    return "created" if found is None else "changed"


def _tell(changes: list[Change], *, json: bool, dry_run: bool) -> None:
    if json:
        write_json(changes)
        return
    done = [each for each in changes if each.change != "unchanged"]
    print(*(f"{'would be ' if dry_run else ''}{each.change}  {each.file}" for each in done), sep="\n")
    if not done:
        print("everything is there already")


def _warn_of_another_scenario(tree: Path, scenario: str) -> None:
    """Tell when .env names a scenario in which the new party has no part. Raises OSError."""
    for line in (_text(tree / ".env") or "").splitlines():
        variable, _, value = line.partition("=")
        if variable.strip() == "HOTLINE_SCENARIO" and value.strip() != scenario:
            complain(
                "party add", f"{tree / '.env'} says {line.strip()}: the stack plays {scenario} once that line is gone"
            )


def _sentence(error: Exception) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
