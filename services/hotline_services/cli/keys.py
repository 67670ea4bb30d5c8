"""`hotline keys`: the CA, certificates and passwords of a stack."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from hotline_services.keys.folder import PEOPLE, KeysError, Wanted, make_missing, passwords_in
from hotline_services.keys.passwords import variable_of
from hotline_services.keys.rights import AccessListError, known_identities
from hotline_services.keys.signing import ROSTER, keys_in
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.text_files import read_text
from hotline_services.whole import write_secret

from .options import Flag
from .query import complain
from .runfile import NAME, RunFile, run_file_text
from .tables import write_json

ACCESS_LIST: Final = Path("compose") / "acl"
Names = Annotated[tuple[str, ...], Parameter(negative="")]

keys = App(name="keys", help="Make the CA, certificates and passwords of a stack, and show passwords.")


@keys.command
def make(
    folder: Path,
    /,
    *,
    acl: Path = ACCESS_LIST,
    server: Names = (),
    renew: Names = (),
    people_at: str | None = None,
    readable: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Make what is missing of the keys of a stack, one sub-folder for each service, the broker and people.

    Services get a client certificate each, people a random password, unless the environment gives one:
    HOTLINE_PASSWORD_CONTROL, HOTLINE_PASSWORD_US_DESK and so on. Made again, it leaves what is still good. No password
    is printed.

    For example:

    hotline keys make keys --server broker.example --server 192.0.2.7

    hotline keys make keys --renew ru

    The exit code is 0, or 2 when it cannot be done.

    Parameters
    ----------
    folder
        The folder of keys; keep ca/ca.key away from everybody else.
    acl
        The broker's access list, whose users get keys.
    server
        A name or an address by which the broker is reached; may be given more than once. By default those that its
        certificate is for already, else this machine alone.
    renew
        Whose keys are made anew, or broker; the old certificate is revoked. May be given more than once.
    people_at
        Write people/run.json as well, by which tools reach the broker at this address, such as mqtts://broker:8883.
    readable
        Let everybody read each file who sees it: for volumes that one container each sees.
    json
        What was made as a list on the standard output.
    """
    try:
        services, people = known_identities(read_text(acl))
        given = {name: os.environ.get(variable_of(name), "") for name in people}
        wanted = Wanted(
            services=services,
            people=people,
            server_names=server,
            given={name: password for name, password in given.items() if password},
            renew=frozenset(renew),
            readable=readable,
        )
        made = make_missing(folder, wanted, datetime.now(UTC))
        if people_at is not None:
            _tell_tools(folder, people_at, readable=readable)
    except OSError as error:
        remedy = "; be in the repository's folder, or name the file (--acl)" if error.filename == str(acl) else ""
        return complain("keys make", f"{error.filename}: {error.strerror}{remedy}")
    except (KeysError, AccessListError, ValueError) as error:
        return complain("keys make", str(error))
    if json:
        write_json(made)
    else:
        print(*(f"made {each}" for each in made), f"{folder}: keys of {', '.join([*services, *people])}", sep="\n")
    return 0


@keys.command(name="run-file")
def run_file(people: Path, /, *, broker: str, ca: str | None = None) -> int:
    """Print a run file for the tools of people: the broker's address, and the passwords. It is a secret.

    For example:

    umask 077; hotline keys run-file keys/people --broker mqtt://127.0.0.1:1883 > var/run.json

    The exit code is 0, or 2 when there are no passwords.

    Parameters
    ----------
    people
        The sub-folder people of the folder of keys.
    broker
        Where the tools reach the broker.
    ca
        For mqtts://: where they find the CA's certificate; a relative path is taken from the run file's folder.
    """
    try:
        sys.stdout.write(run_file_text(_run_of(people, broker, ca)))
    except (KeysError, ValueError) as error:
        return complain("keys run-file", str(error))
    return 0


def _run_of(people: Path, broker: str, ca: str | None) -> RunFile:
    BrokerSettings.from_url(broker)  # raises ValueError
    passwords = passwords_in(people)
    if not passwords:
        raise KeysError(f"{people}: no passwords are here: make them with hotline keys make")
    roster = people / ROSTER
    return RunFile(
        broker=broker,
        passwords=passwords,
        ca=ca,
        keys=keys_in(people, passwords),
        roster=read_text(roster) if roster.exists() else None,
    )


def _tell_tools(folder: Path, broker: str, *, readable: bool) -> None:
    run = _run_of(folder / PEOPLE, broker, "ca.crt" if broker.startswith("mqtts://") else None)
    write_secret(folder / PEOPLE / NAME, run_file_text(run), 0o644 if readable else 0o600)
