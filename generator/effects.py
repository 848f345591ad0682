"""The effects of a plan on a target: puts and deletes, each between its intent and its outcome.

It decides nothing: what is done, in which order and why stands in the plan.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from generator import ledger
from generator.ledger import Done, Lease
from generator.orders import Progress
from generator.plan import Delete, Put
from generator.press import Press
from guestlink import rebuilds, records
from guestlink.errors import NotFound, Stale
from guestlink.storage import Storage

CHUNKS_ON_THE_WAY = 3
AT_ONCE = 32
Bodies = Callable[[Sequence[Put]], Iterable[bytes]]
Sent = list[tuple[Put, Future[Done]]]


def put_all(
    press: Press, held: Lease, puts: Sequence[Put], *, bodies: Bodies, at: datetime, progress: Progress
) -> list[Done]:
    """Puts in the plan's order: one kind is complete before the next begins: no page precedes its assets.

    While chunks are on their way the next is planned and rendered, so that the target never waits for us. One
    transaction says what has landed and what leaves next.
    """
    done: list[Done] = []
    sent: deque[Sent] = deque()
    chunks = [*_chunks(puts, press.target.storage.chunk), ()] if puts else []
    try:
        with _putters() as pool:
            for chunk in chunks:
                leave = _may_be_on_the_way(sent, chunk)
                landed = _landed(press, sent, leave=leave)
                with press.database.write() as tx:
                    ledger.record_puts(tx, held, landed, at=at)
                    ledger.plan_puts(tx, held, chunk, at=at)
                while len(sent) > leave:
                    sent.popleft()
                if landed:
                    done += landed
                    progress(landed[-1].put.wanted.kind, len(done), len(puts))
                made = zip(chunk, bodies(chunk), strict=True)
                sent.append([(put, pool.submit(_put_one, press, held, put, body)) for put, body in made])
    except Stale:
        _take_back(press, held, _perhaps_put(sent), at=at)
        raise
    return done


@contextmanager
def _putters() -> Iterator[ThreadPoolExecutor]:
    """Threads that begin no other put after one has failed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _may_be_on_the_way(sent: Sequence[Sent], chunk: Sequence[Put]) -> int:
    """How many chunks need not have landed when `chunk` leaves."""
    same = sent and chunk and sent[-1][0][0].wanted.kind == chunk[0].wanted.kind
    return CHUNKS_ON_THE_WAY - 1 if same else 0


def _landed(press: Press, sent: Sequence[Sent], *, leave: int) -> list[Done]:
    """Waits for all chunks but the last ones, until they would survive a power cut."""
    first = islice(sent, max(0, len(sent) - leave))
    landed = [future.result() for chunk in first for _, future in chunk]
    if any(item.uploaded for item in landed):
        press.target.storage.settle()
    return landed


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


def delete_all(press: Press, held: Lease, deletes: Sequence[Delete], *, at: datetime) -> None:
    """Deletes one by one; the lease is looked at before each, since a delete has no condition."""
    most = press.target.storage.chunk
    for start in range(0, len(deletes), most):
        chunk = deletes[start : start + most]
        with press.database.write() as tx:
            ledger.plan_deletes(tx, held, chunk, at=at)
        begun: list[str] = []
        try:
            for step in chunk:
                with press.database.write() as tx:
                    held.renew(tx)
                begun.append(step.path)
                press.target.storage.delete(step.path)
            press.target.storage.settle()
            with press.database.write() as tx:
                ledger.record_deletes(tx, held, chunk)
        except Stale:
            _take_back(press, held, begun, at=at)
            raise


def _chunks(puts: Sequence[Put], most: int) -> Iterable[Sequence[Put]]:
    """Groups of one kind, at most `most` long."""
    chunk: list[Put] = []
    for put in puts:
        if chunk and (len(chunk) == most or chunk[-1].wanted.kind != put.wanted.kind):
            yield chunk
            chunk = []
        chunk.append(put)
    if chunk:
        yield chunk


# -- too late --------------------------------------------------------------------------------------
def _perhaps_put(sent: Iterable[Sent]) -> list[str]:
    """Paths that may hold what nobody recorded; a refused put has done nothing."""
    return [
        put.wanted.path
        for chunk in sent
        for put, future in chunk
        if not future.cancelled() and not isinstance(future.exception(), Stale)
    ]


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
