"""The plain client of tools ends when it is told to."""

import asyncio

import pytest

from hotline_services.runtime.client import Client


async def test_a_cancellation_that_comes_together_with_the_answer_is_not_lost() -> None:
    """On Python 3.11, ``asyncio.wait_for`` loses it: a console then went on for ever when it was left."""
    client = Client("127.0.0.1")
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(client._wait_for(answer, None))
    await asyncio.sleep(0)  # it begins to wait
    assert answer._callbacks
    answer.set_result(None)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_an_answer_that_does_not_come_is_an_error_of_the_connection() -> None:
    client = Client("127.0.0.1")
    with pytest.raises(Exception, match="timed out"):
        await client._wait_for(asyncio.get_running_loop().create_future(), 0.0)
