"""Rows of messages in every state, for whoever only counts them."""

from collections.abc import Mapping
from itertools import count

from guestlink.database import Connection, Writing

EVENT = """insert into inbox (event_key, kind, lane, number_id, received_at, state)
values ('key-{number}', 'message', 'lane', '1', '2026-11-02T09:00:00.000Z', '{state}')"""
CONVERSATION = """insert into conversations (id, number_id, address, made_at)
values ('talk', '1', 'ana', '2026-11-02T09:00:00.000Z')"""
MESSAGE = """insert into messages (id, conversation_id, direction, kind, by_user, at)
values ('message-{number}', 'talk', 'out', 'text', 'house', '2026-11-02T09:00:00.000Z')"""
SENDING = """insert into outbox (id, conversation_id, state, asked_at)
values ('message-{number}', 'talk', '{state}', '2026-11-02T09:00:00.000Z')"""
NONE: Mapping[str, int] = {}


def fill(tx: Writing, *, inbox: Mapping[str, int] = NONE, outbox: Mapping[str, int] = NONE) -> None:
    """So many events that came in and messages that go out, by their states."""
    assert isinstance(tx, Connection)
    numbers = count()
    for state in _each(inbox):
        tx.statement(EVENT.format(number=next(numbers), state=state))
    tx.statement(CONVERSATION)
    for state in _each(outbox):
        number = next(numbers)
        tx.statement(MESSAGE.format(number=number))
        tx.statement(SENDING.format(number=number, state=state))


def _each(counts: Mapping[str, int]) -> list[str]:
    return [state for state, number in counts.items() for _ in range(number)]
