"""The effects of a plan on a target: puts and deletes, each between its intent and its outcome.

It decides nothing: what is done, in which order and why stands in the plan.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from generator import ledger
from generator.ledger import Done, Lease
from generator.orders import Progress
from generator.plan import Delete, Put
from generator.press import Press
from guestlink.errors import NotFound, Stale
from guestlink.storage import Storage

CHUNK = 64
AT_ONCE = 16
Body = Callable[[Put], bytes]


def put_all(
    press: Press, held: Lease, puts: Sequence[Put], *, body: Body, at: datetime, progress: Progress
) -> list[Done]:
    """Puts in the plan's order: one kind is complete before the next begins: no page precedes its assets."""
    done: list[Done] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for chunk in _chunks(puts):
            with press.database.write() as tx:
                ledger.plan_puts(tx, held, chunk, at=at)
            bodies = [body(put) for put in chunk]
            outcomes = list(
                pool.map(lambda pair: _put_one(press, held, *pair), zip(chunk, bodies, strict=True))
            )
            if any(item.uploaded for item in outcomes):
                press.target.storage.settle()
            with press.database.write() as tx:
                ledger.record_puts(tx, held, outcomes, at=at)
            done += outcomes
            progress(chunk[-1].wanted.kind, len(done), len(puts))
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
