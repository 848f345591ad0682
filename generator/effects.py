"""The effects of a plan on a target: puts and deletes, each between its intent and its outcome.

It decides nothing: what is done, in which order and why stands in the plan.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from generator import ledger
from generator.ledger import Done, Lease
from generator.orders import Progress, silent
from generator.plan import Delete, Put
from generator.press import Press
from guestlink import rebuilds, records
from guestlink.database import Writing
from guestlink.errors import NotFound, Stale
from guestlink.storage import Storage

CHUNKS_ON_THE_WAY = 3
FEW = 8  # objects that are on the disk before a thread has begun
Bodies = Callable[[Sequence[Put]], Iterable[bytes]]
Begin = Callable[..., Future[Any]]
Sent = list[tuple[Put, Future[Done]]]
T = TypeVar("T", Put, Delete)


@contextmanager
def effects(press: Press, held: Lease, *, bodies: Bodies, at: datetime) -> Iterator["Effects"]:
    """What a publish does to its target under its lease. When that turns out to be lost, all that was done
    since the last transaction is taken back, and Stale passes on.
    """
    try:
        with _hands(press.target.storage.at_once) as begin, ThreadPoolExecutor(1) as beside:
            doing = Effects(press, held, bodies=bodies, at=at, begin=begin, beside=beside)
            yield doing
    except Stale:
        _take_back(press, held, doing.perhaps_done(), at=at)
        raise


class Effects:
    """Counts of what was rendered and uploaded, and the outcomes that the next transaction will record."""

    def __init__(
        self, press: Press, held: Lease, *, bodies: Bodies, at: datetime, begin: Begin, beside: Executor
    ) -> None:
        self.rendered = self.uploaded = 0
        self.held = held
        self._beside = beside
        self._settling: Future[None] | None = None
        self._press, self._bodies, self._at, self._begin = press, bodies, at, begin
        self._sent: deque[Sent] = deque()
        self._landed: list[Done] = []
        self._gone: list[Delete] = []

    def put(self, puts: Sequence[Put], *, progress: Progress = silent) -> None:
        """Puts in the plan's order: one kind is complete before the next begins: no page precedes its assets.

        While chunks are on their way the next is planned and rendered, so that the target never waits for us.
        Where they are put one by one, the next is rendered while a disk takes the last. What is no more than
        a chunk is planned at once, whatever kinds it is of.
        """
        before, most = self.rendered, self._press.target.storage.chunk
        is_small = len(puts) <= most
        if puts and is_small:
            self._plan(puts)
        for chunk in [*_chunks(puts, most, lambda put: put.wanted.kind), ()]:
            made = [*self._bodies(chunk)] if self._settling else self._bodies(chunk)
            if self._land(leave=self._may_be_on_the_way(chunk)):
                progress(self._landed[-1].put.wanted.kind, self.rendered - before, len(puts))
            if chunk and not is_small:
                self._plan(chunk)
            if chunk:
                self._send(chunk, made)

    def delete(self, deletes: Sequence[Delete]) -> None:
        """Deletes in the plan's order: gates are gone before the pages they lead to. A delete has no
        condition, so the lease is looked at before each chunk, which is taken back when it was lost.
        """
        storage = self._press.target.storage
        for chunk in _chunks(deletes, storage.chunk, lambda step: step.path.startswith("w/_/")):
            with self.transaction() as tx:
                ledger.plan_deletes(tx, self.held, chunk, at=self._at)
            self._gone += chunk
            for begun in [self._begin(storage.delete, step.path) for step in chunk]:
                begun.result()
            storage.settle()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Writing]:
        """One that looks at the lease, and says what has landed or gone since the last one."""
        with self._press.database.write(durable=durable) as tx:
            self.held.renew(tx)
            if self._landed:
                ledger.record_puts(tx, self.held, self._landed, at=self._at)
            if self._gone:
                ledger.record_deletes(tx, self.held, self._gone)
            yield tx
        self._landed, self._gone = [], []

    def perhaps_done(self) -> list[str]:
        """Paths that may hold, or lack, what nobody recorded; a refused put has done nothing."""
        return [
            *(item.put.wanted.path for item in self._landed if item.uploaded),
            *(step.path for step in self._gone),
            *(
                put.wanted.path
                for chunk in self._sent
                for put, future in chunk
                if not future.cancelled() and not isinstance(future.exception(), Stale)
            ),
        ]

    def _may_be_on_the_way(self, chunk: Sequence[Put]) -> int:
        """How many chunks need not have landed when `chunk` leaves."""
        same = self._sent and chunk and self._sent[-1][0][0].wanted.kind == chunk[0].wanted.kind
        return CHUNKS_ON_THE_WAY - 1 if same and self._press.target.storage.at_once > 1 else 0

    def _plan(self, puts: Sequence[Put]) -> None:
        with self.transaction() as tx:
            ledger.plan_puts(tx, self.held, puts, at=self._at)

    def _send(self, chunk: Sequence[Put], made: Iterable[bytes]) -> None:
        sent: Sent = []
        self._sent.append(sent)
        for put, body in zip(chunk, made, strict=True):
            sent.append((put, self._begin(_put_one, self._press, self.held, put, body)))
        if self._press.target.storage.at_once == 1 and len(chunk) > FEW:
            self._settling = self._beside.submit(self._press.target.storage.settle)

    def _land(self, *, leave: int) -> list[Done]:
        """Waits for all chunks but the last ones, until they would survive a power cut."""
        first = [*islice(self._sent, max(0, len(self._sent) - leave))]
        landed = [future.result() for chunk in first for _, future in chunk]
        if self._settling:
            self._settling.result()
            self._settling = None
        elif any(item.uploaded for item in landed):
            self._press.target.storage.settle()
        for _ in first:
            self._sent.popleft()
        self._landed += landed
        self.rendered += len(landed)
        self.uploaded += sum(item.uploaded for item in landed)
        return landed


@contextmanager
def _hands(at_once: int) -> Iterator[Begin]:
    """Threads that begin nothing more after something has failed, or none where they would only wait."""
    if at_once == 1:
        yield _done
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield pool.submit
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _done(work: Callable[..., Any], *values: Any) -> Future[Any]:
    done: Future[Any] = Future()
    done.set_result(work(*values))
    return done


def _put_one(press: Press, held: Lease, put: Put, body: bytes) -> Done:
    body_hash = hashlib.sha256(body).hexdigest()
    live = put.live
    if live and live.state == "live" and live.body_hash == body_hash and live.etag and live.source_hash:
        return Done(put=put, body_hash=body_hash, etag=live.etag, uploaded=False)
    storage, path = press.target.storage, put.wanted.path
    try:
        etag = storage.put(path, body, expected=live.etag if live else "")
    except Stale:
        with press.database.write() as tx:
            held.renew(tx)
        etag = storage.put(path, body, expected=_etag_now(storage, path))
    return Done(put=put, body_hash=body_hash, etag=etag, uploaded=True)


def _etag_now(storage: Storage, path: str) -> str:
    """What lies there in truth: a put whose outcome was never recorded, or something from outside."""
    try:
        return storage.get(path).etag
    except NotFound:
        return ""


def _chunks(steps: Sequence[T], most: int, kind: Callable[[T], object]) -> Iterator[Sequence[T]]:
    """Groups of one kind, at most `most` long."""
    chunk: list[T] = []
    for step in steps:
        if chunk and (len(chunk) == most or kind(chunk[-1]) != kind(step)):
            yield chunk
            chunk = []
        chunk.append(step)
    if chunk:
        yield chunk


# -- too late --------------------------------------------------------------------------------------
def _take_back(press: Press, held: Lease, paths: Sequence[str], *, at: datetime) -> None:
    """What was put or deleted though another publisher had taken over: a bucket knows no lease.

    An object that the records do not know goes; the others are put anew by the next publish, which is asked
    for. Whoever publishes at this moment has to give way: its next look at its lease fails.
    """
    if not paths:
        return
    with ledger.lease(press.database, held.property_id, target=held.target, locked=True) as mine:
        with press.database.write() as tx:
            known = ledger.doubt_objects(tx, mine, paths)
            if held.property_id:
                house = records.house_by_id(tx, held.property_id)
                rebuilds.ask(tx, house, why="a publish went on after another one had taken over", at=at)
        for path in sorted({*paths} - known):
            press.target.storage.delete(path)
        press.target.storage.settle()
