"""The stack of docker-compose.yml, brought up beside whatever else runs here, and taken away again."""

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ("eclipse-mosquitto:2.0.22", "python:3.13-slim-trixie")


def run(*command: str, timeout: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, env={**os.environ, **env}, check=False
    )


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
    """One compose project with a name and a port of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self._project = f"hotline-test-{secrets.token_hex(4)}"

    def compose(self, *command: str, timeout: float = 60) -> str:
        """What `docker compose` prints. Fails the test when the command does."""
        done = run(
            "docker",
            "compose",
            "--project-name",
            self._project,
            "--env-file",
            ".env.example",  # not the .env of whoever runs the tests
            *command,
            timeout=timeout,
            HOTLINE_PORT=str(self.port),
        )
        assert done.returncode == 0, f"docker compose {' '.join(command)}:\n{done.stderr}\n{done.stdout}"
        return done.stdout

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")


@pytest.fixture(scope="session")
def engine() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def broker(engine: None) -> Iterator[Stack]:
    """Only the broker of the stack, healthy."""
    stack = Stack()
    try:
        stack.compose("up", "--detach", "--wait", "broker")
        yield stack
    finally:
        stack.down()
