"""The boards of this process that listen: one reader for all of them, frames at most every 50 ms.

A thread waits for a wake-up, reads once what changed, and hands each board what it may see. A wake-up is a
hint, nothing is ever delivered by one; a board that takes its frames too slowly is let go and comes again.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from edge_api import frames
from edge_api.auth import Caller
from edge_api.frames import News, Position
from edge_api.holdings import Holdings
from guestlink import clock
from guestlink.database import Reading
from guestlink.errors import GuestLinkError, Outage, TooMany
from guestlink.wakeups import Wakeups, open_wakeups

GATHER: Final = 0.050  # seconds between two readings
LOOK_AGAIN: Final = 1.0  # seconds
MOST_BOARDS: Final = 2000
MOST_FRAMES: Final = 64  # that wait for one board
FIRST_FRAME: Final = 10.0  # seconds until somebody who comes is told the database is down

log = logging.getLogger("guestlink.edge")


class Board:
    """Somebody who listens. `since` is from where on; frames are bytes, None is the end."""

    def __init__(self, caller: Caller, since: Position | None) -> None:
        self.caller = caller
        self.since = since
        self.position = since
        self.houses: frozenset[str] | None = None  # until it has been caught up
        self.has_missed = False
        self.is_over = False
        self._frames: asyncio.Queue[tuple[Position, bytes] | None] = asyncio.Queue(MOST_FRAMES)

    async def next(self, seconds: float) -> bytes | None:
        """The next frame, empty bytes after so many seconds without one; None when this board was let go."""
        if self.is_over and self._frames.empty():
            return None
        try:
            async with asyncio.timeout(seconds):
                found = await self._frames.get()
        except TimeoutError:
            return None if self.is_over else b""
        if found is None:
            return None
        self.position = found[0]
        return found[1]

    def put(self, position: Position, frame: bytes) -> bool:
        """False when too many wait already."""
        try:
            self._frames.put_nowait((position, frame))
        except asyncio.QueueFull:
            return False
        return True

    def end(self) -> None:
        """It is told nothing more; what it did not take yet is dropped."""
        self.is_over = True
        while not self._frames.empty():
            self._frames.get_nowait()
        self._frames.put_nowait(None)


class Feed:
    """One for each process. Boards live in the event loop, the reader in a thread of its own."""

    def __init__(self, holdings: Holdings, *, at: Callable[[], datetime]) -> None:
        self._holdings, self._at = holdings, at
        self._boards: set[Board] = set()
        self._lock = threading.Lock()
        self._joined = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._wakeups: Wakeups | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self._boards)

    async def join(
        self, caller: Caller, since: Position | None, *, is_poll: bool = False
    ) -> tuple[Board, bytes]:
        """A new board and its first frame: what it missed. Outage when the records cannot be read, TooMany
        for a stream when enough boards listen. Whoever joined leaves.
        """
        if len(self._boards) >= MOST_BOARDS and not is_poll:
            raise TooMany("Too many boards listen here.", hint="Poll instead.", retry_after=30)
        board = Board(caller, since)
        with self._lock:
            self._boards.add(board)
        self._wake()
        try:
            first = await board.next(FIRST_FRAME)
        except BaseException:
            self.leave(board)
            raise
        if not first:
            self.leave(board)
            raise Outage("The database does not answer.", retry_after=2)
        return board, first

    def leave(self, board: Board) -> None:
        with self._lock:
            self._boards.discard(board)

    def close(self) -> None:
        """Lets everybody go and ends the thread."""
        self._stop.set()
        self._joined.set()
        if self._thread:
            self._thread.join()
        self._end(self._listening())

    def _wake(self) -> None:
        """The reader looks now; the first who comes starts it."""
        self._loop = asyncio.get_running_loop()
        self._joined.set()
        if self._wakeups:
            self._wakeups.announce()
        if self._thread is None and not self._stop.is_set():
            self._thread = threading.Thread(target=self._run, name="boards", daemon=True)
            self._thread.start()

    def _listening(self) -> list[Board]:
        with self._lock:
            return list(self._boards)

    # -- the reader's thread -----------------------------------------------------------------------------
    def _run(self) -> None:
        position: Position | None = None
        try:
            while not self._stop.is_set():
                if not self._listening():
                    position = None
                    self._joined.wait()
                self._joined.clear()
                try:
                    self._wakeups = self._wakeups or open_wakeups(self._holdings.database)
                    position = self._read(position)
                except GuestLinkError as error:
                    log.warning("boards-let-go reason=%s boards=%d", type(error).__name__, len(self))
                    position = None
                    self._tell(self._end, self._listening())
                    self._stop.wait(LOOK_AGAIN)
                    continue
                began = time.monotonic()
                self._wait()
                self._stop.wait(max(0.0, GATHER - (time.monotonic() - began)))
        finally:
            if self._wakeups:
                self._wakeups.close()

    def _wait(self) -> None:
        assert self._wakeups is not None
        if not self._joined.is_set():
            self._wakeups.wait(LOOK_AGAIN, self._stop)

    def _read(self, position: Position | None) -> Position:
        """One snapshot: what is new, what those missed who have just come, and who may see what."""
        boards, ring, at = self._listening(), self._holdings.ring, self._at()
        coming = [board for board in boards if board.houses is None]
        with self._holdings.database.read() as db:
            now = frames.head(db)
            new = frames.news(db, ring, position or now, at=at, known=self._known)
            wanted = {board.since or now for board in coming}
            missed = {since: frames.news(db, ring, since, at=at) for since in wanted}
            callers = {board.caller for board in boards}
            reaches = {caller: _reach(db, caller, at=at) for caller in callers}
        self._known = new.moves
        if boards and (coming or new.pieces or new.again or new.is_lost or self._has_moved(boards, reaches)):
            self._tell(self._hand_out, boards, new, missed, reaches)
        return new.until

    @staticmethod
    def _has_moved(boards: Iterable[Board], reaches: dict[Caller, frozenset[str]]) -> bool:
        return any(reaches[board.caller] != board.houses for board in boards)

    def _tell(self, what: Callable[..., None], *told: object) -> None:
        """Runs it in the event loop, in order with all before it."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(what, *told)
        except RuntimeError:  # the loop was closed: nobody listens any more
            self._stop.set()

    # -- in the event loop -------------------------------------------------------------------------------
    def _hand_out(
        self,
        boards: list[Board],
        new: News,
        missed: dict[Position, News],
        reaches: dict[Caller, frozenset[str]],
    ) -> None:
        made: dict[tuple[int, frozenset[str]], bytes | None] = {}

        def frame(news: News, houses: frozenset[str]) -> bytes | None:
            key = (id(news), houses)
            if key not in made:
                made[key] = news.told(houses)
            return made[key]

        for board in boards:
            houses = reaches[board.caller]
            if board.is_over or (board.houses and not houses):
                board.end()
                continue
            if board.houses is None:
                news = missed[board.since or new.until]
                told = frame(news, houses)
                board.has_missed = told is not None
                told = told or frames.framed(new.until)
            elif board.houses != houses:
                told = frames.framed(new.until, again=True)
            else:
                told = frame(new, houses)
            board.houses = houses
            if told is not None and not board.put(new.until, told):
                log.info("board-let-go reason=slow")
                board.end()

    @staticmethod
    def _end(boards: Iterable[Board]) -> None:
        for board in boards:
            board.end()


def _reach(db: Reading, caller: Caller, *, at: datetime) -> frozenset[str]:
    """The houses that a board may be told of now: none any more when its session was ended."""
    session_id, now = caller.session_id, clock.as_text(at)
    if session_id and db.one("session_that_counts", id=session_id, at=now) is None:
        return frozenset()
    return frames.reach(db, caller.id)
