"""From when guests of a house see their codes, by its records and its files. It opens no code."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from guestlink import catalogue, clock, records, secret_values
from guestlink.database import Reading
from guestlink.records import Period, Property, Secret, Stay
from guestlink.secret_values import Rule


class _Revealed(msgspec.Struct):
    rule: Literal["booking", "hours", "ready"]
    hours: int = 0


class _Files(msgspec.Struct):
    """Of the whole content, when guests see which secret."""

    reveal: dict[str, _Revealed] = {}


def codes_of(
    db: Reading, house: Property, nights: Mapping[Stay, Sequence[Period]], *, at: datetime
) -> dict[str, datetime | None]:
    """Id of a stay -> when the first of its codes that are not over is shown, None when none is."""
    ids = msgspec.json.encode([stay.id for stay in nights]).decode()
    rows = db.all("secrets_for_stays", property_id=house.id, stays=ids, at=clock.as_text(at))
    secrets = records.shaped_all(rows, Secret)
    rules = _rules(db, house) if secrets else {}
    return {
        stay.id: secret_values.codes_at(secrets, stay=stay, house=house, periods=periods, rules=rules, at=at)
        for stay, periods in nights.items()
    }


def _rules(db: Reading, house: Property) -> dict[str, Rule]:
    body = catalogue.last_content(db, house)
    told = msgspec.json.decode(body, type=_Files) if body else _Files()
    return {name: Rule(kind=each.rule, hours=each.hours) for name, each in told.reveal.items()}
