"""The effects of a plan on a target: puts and deletes, each between its intent and its outcome.

It decides nothing: what is done, in which order and why stands in the plan.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from generator import ledger
from generator.ledger import Done, Lease
from generator.orders import Progress
from generator.plan import Delete, Put
from generator.press import Press
from guestlink.errors import NotFound, Stale
from guestlink.storage import Storage

CHUNK = 64
CHUNKS_ON_THE_WAY = 2
AT_ONCE = 32
Body = Callable[[Put], bytes]


def put_all(
    press: Press, held: Lease, puts: Sequence[Put], *, body: Body, at: datetime, progress: Progress
) -> list[Done]:
    """Puts in the plan's order: one kind is complete before the next begins: no page precedes its assets.

    While one chunk is on its way the next is planned and rendered, so that the target never waits for us. One
    transaction says what has landed and what leaves next.
    """
    done: list[Done] = []
    sent: deque[list[Future[Done]]] = deque()
    before: Sequence[Put] = ()
    with _putters() as pool:
        for chunk in _chunks(puts):
            landed = _landed(press, sent, leave=_may_be_on_the_way(before, chunk))
            with press.database.write() as tx:
                ledger.record_puts(tx, held, landed, at=at)
                ledger.plan_puts(tx, held, chunk, at=at)
            done += landed
            progress(chunk[0].wanted.kind, len(done), len(puts))
            sent.append([pool.submit(_put_one, press, held, put, body(put)) for put in chunk])
            before = chunk
        landed = _landed(press, sent, leave=0)
    with press.database.write() as tx:
        ledger.record_puts(tx, held, landed, at=at)
    if puts:
        progress(puts[-1].wanted.kind, len(puts), len(puts))
    return done + landed


@contextmanager
def _putters() -> Iterator[ThreadPoolExecutor]:
    """Threads that begin no other put after one has failed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _may_be_on_the_way(before: Sequence[Put], chunk: Sequence[Put]) -> int:
    """How many chunks may not have landed yet when `chunk` leaves."""
    same = bool(before) and before[0].wanted.kind == chunk[0].wanted.kind
    return CHUNKS_ON_THE_WAY - 1 if same else 0


def _landed(press: Press, sent: deque[list[Future[Done]]], *, leave: int) -> list[Done]:
    """Waits for all chunks but the last ones, until they would survive a power cut."""
    landed: list[Done] = []
    while len(sent) > leave:
        landed += [future.result() for future in sent.popleft()]
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
    for start in range(0, len(deletes), CHUNK):
        chunk = deletes[start : start + CHUNK]
        with press.database.write() as tx:
            ledger.plan_deletes(tx, held, chunk, at=at)
        for step in chunk:
            with press.database.write() as tx:
                held.renew(tx)
            press.target.storage.delete(step.path)
        press.target.storage.settle()
        with press.database.write() as tx:
            ledger.record_deletes(tx, held, chunk)


def _chunks(puts: Sequence[Put]) -> Iterable[Sequence[Put]]:
    """Groups of one kind, at most CHUNK long."""
    chunk: list[Put] = []
    for put in puts:
        if chunk and (len(chunk) == CHUNK or chunk[-1].wanted.kind != put.wanted.kind):
            yield chunk
            chunk = []
        chunk.append(put)
    if chunk:
        yield chunk
