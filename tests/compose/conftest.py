"""The stack of docker-compose.yml, brought up beside whatever else runs here, and taken away again."""

import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ("eclipse-mosquitto:2.0.22", "python:3.13-slim-trixie")


def run(
    *command: str, timeout: float = 180, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, env=env, check=False)


def why_not() -> str | None:
    """Why no stack can be brought up on this machine, or None."""
    if shutil.which("docker") is None:
        return "no container engine: docker is not installed"
    if run("docker", "compose", "version").returncode:
        return "no container engine: docker has no compose plugin"
    if run("docker", "info").returncode:
        return "no container engine: the docker daemon does not answer"
    for image in IMAGES:
        if run("docker", "image", "inspect", image).returncode and run("docker", "pull", image, timeout=300).returncode:
            return f"the image {image} is not here and cannot be pulled"
    return None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Stack:
    """One compose project with a name and ports of its own."""

    def __init__(self) -> None:
        self._host = ""
        self.port, self.page_port = free_port(), free_port()
        project = f"hotline-test-{secrets.token_hex(4)}"
        # not with the .env of whoever runs the tests
        self._docker = ["docker", "compose", "--project-name", project, "--env-file", ".env.example"]
        self._env = {**os.environ, "HOTLINE_PORT": str(self.port), "HOTLINE_PAGE_PORT": str(self.page_port)}

    def compose(self, *command: str, timeout: float = 180) -> str:
        """What `docker compose` prints. Fails the test when the command does."""
        if command[0] in {"up", "restart", "start"}:
            self._host = ""  # it may be another afterwards
        done = run(*self._docker, *command, timeout=timeout, env=self._env)
        if done.returncode:
            logs = run(*self._docker, "logs", "--tail", "10", env=self._env)
            pytest.fail(f"docker compose {' '.join(command)}:\n{done.stderr}\n{done.stdout}\n{logs.stdout}")
        return done.stdout

    @property
    def host(self) -> str:
        """The broker's address in the stack's own network, which this machine can reach."""
        if not self._host:
            name = self.compose("ps", "--quiet", "broker").strip()
            where = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
            self._host = self.docker("inspect", "--format", where, name).strip()
        return self._host

    def keys(self, folder: Path) -> Path:
        """What the setup service has made, copied here."""
        self.compose("cp", "setup:/keys", str(folder))
        return folder

    def docker(self, *command: str) -> str:
        """What `docker` prints. Fails the test when the command does."""
        done = run("docker", *command)
        assert done.returncode == 0, f"docker {' '.join(command)}:\n{done.stderr}"
        return done.stdout

    def follow(self, service: str, *wanted: str, timeout: float = 180) -> list[str]:
        """The log of a service up to where it has shown all of these, in this order, one a line."""
        lines: list[str] = []
        rest = list(wanted)
        command = [*self._docker, "logs", "--no-log-prefix", "--follow", service]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=self._env) as logs:
            alarm = threading.Timer(timeout, logs.kill)
            alarm.start()
            for line in logs.stdout or ():
                lines.append(line.rstrip())
                if rest[0] in line:
                    rest.pop(0)
                if not rest:
                    break
            alarm.cancel()
            logs.kill()
        assert not rest, f"no {rest[0]!r} in the log of {service}:\n" + "\n".join(lines)
        return lines

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")


@pytest.fixture(scope="session")
def engine() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def image(engine: None) -> None:
    """The image of every service, built once."""
    Stack().compose("build", "--quiet", timeout=600)


@pytest.fixture(scope="session")
def broker(image: None) -> Iterator[Stack]:
    """Only the broker of the stack, healthy."""
    stack = Stack()
    try:
        stack.compose("up", "--detach", "--wait", "broker")
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def keys(broker: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of the broker's stack."""
    return broker.keys(tmp_path_factory.mktemp("keys") / "keys")


@pytest.fixture(scope="session")
def stack(image: None) -> Iterator[Stack]:
    """The whole stack, healthy. That takes some 20 s, in which its keys are made too, and more on a busy machine."""
    stack = Stack()
    try:
        stack.compose("up", "--detach", "--wait", "--wait-timeout", "240", timeout=300)
        yield stack
    finally:
        stack.down()
