"""R14: boards that stall, lose their line and outlive a killed server end with the server's state: all.

A board that comes again without saying where it was is the control: it must miss something.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.edge_api.conftest import answers
from tests.faults.boards import Browser, Desk, Place, fetched, furnished, states
from tests.house import make_home
from tests.services import free_port

CONVERGED = 10.0  # seconds
NAIVE = 10
PATIENCE = 60.0


@contextmanager
def serving(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A server that the block may kill; whatever is left of it ends with the block."""
    command = [*map(str, place.serving())]
    with Path(place.settings.home, "log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(place.port):
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


class Story:
    """Boards and a house that works at the same time; `killed` is how often the server was."""

    def __init__(self, place: Place, *, boards: int, seed: int) -> None:
        self.place, self._chance = place, random.Random(seed)
        self.desk = Desk(place, seed)
        self.boards = [Browser(place, seed + number) for number in range(boards)]
        self.naive = [Browser(place, -number, is_naive=True) for number in range(NAIVE)]
        self.converged_in = 0.0

    async def run(self, *, seconds: float, rate: float) -> list[Browser]:
        """The boards whose state is not the server's after the time they have."""
        everybody = [*self.boards, *self.naive]
        tasks = [asyncio.create_task(each.run()) for each in everybody]
        try:
            with serving(self.place):
                await self._until_all_listen(everybody)
                await self._work(seconds / 2, rate)
            await self._work(1.0, rate)  # nobody is told of this
            with serving(self.place):
                await self._work(seconds / 2, rate)
                return await self._settled()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_all_listen(self, boards: list[Browser]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not all(each.opened for each in boards):
            assert time.monotonic() < deadline, "not all boards listen"
            await asyncio.sleep(0.05)

    async def _work(self, seconds: float, rate: float) -> None:
        """Something happens at this rate; every so often a board stops reading for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.to_thread(self.desk.act)
            stalling = self._chance.choice(self.boards)
            stalling.stalls_until = time.monotonic() + self._chance.uniform(0, 3)
            await asyncio.sleep(1 / rate)

    async def _settled(self) -> list[Browser]:
        began = time.monotonic()
        wanted = states(await fetched(self.place))
        while True:
            behind = [each for each in self.boards if each.state != wanted]
            self.converged_in = time.monotonic() - began
            if not behind or self.converged_in > CONVERGED:
                return behind
            await asyncio.sleep(0.05)


def told(tmp_path: Path, *, boards: int, seconds: float, rate: float) -> Story:
    story = Story(furnished(make_home(tmp_path), free_port()), boards=boards, seed=14)
    try:
        behind = asyncio.run(story.run(seconds=seconds, rate=rate))
    finally:
        story.place.database.close()
    assert len(behind) == 0, f"{len(behind)} of {boards} boards are behind"
    wanted = story.boards[0].state
    assert len(wanted) >= 10
    assert min(each.opened for each in story.boards) >= 2
    assert any(each.state != wanted for each in story.naive), "forgetting the position changed nothing"
    return story


def test_boards_that_stall_and_lose_their_server_end_with_its_state(tmp_path: Path) -> None:
    told(tmp_path, boards=40, seconds=3, rate=20)


@pytest.mark.faults
def test_two_hundred_boards_end_with_the_servers_state(tmp_path: Path) -> None:
    story = told(tmp_path, boards=200, seconds=40, rate=20)
    print(f"converged in {story.converged_in:.1f} s")  # noqa: T201 - a figure to look at
