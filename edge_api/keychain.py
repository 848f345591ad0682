"""What the house looks up and changes about its secrets: names, scopes, times, who set them.

A value only comes in; nothing here shows one.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from edge_api import callings, history, registers
from guestlink import records, secret_values
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, NotFound
from guestlink.records import Property, Secret, Stay, Unit
from guestlink.secret_values import LONGEST_VALUE, STANDARD


class NewValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Valid from now on, shown by the rule of the value before it."""

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_VALUE)]

    def __repr__(self) -> str:
        return "NewValue(hidden)"


class SecretShown(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a secret, without the value. Neither unit nor stay: it is the house's. `shown` is when
    guests see it: as the files say (empty), on booking, `hours` before arrival, when the room is ready.
    """

    id: str
    property: str
    secret: str
    unit: str
    stay_id: str
    shown: str
    hours: int
    valid_from: datetime
    valid_until: datetime | None
    set_at: datetime
    set_by: str


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    secrets: tuple[SecretShown, ...]


def secrets_of(db: Reading, ring: KeyRing, caller: str, slug: str, *, at: datetime) -> Secrets:
    """What is or will be valid, by name; of the house, then of its units, then of stays."""
    house = registers.property_named(db, caller, slug)
    lasting = [
        s for s in secret_values.load_secrets(db, house) if s.valid_until is None or s.valid_until > at
    ]
    shown = _shown(db, ring, house, lasting)
    return Secrets(secrets=tuple(sorted(shown, key=lambda s: (s.secret, s.stay_id, s.unit, s.valid_from))))


def history_of(db: Reading, ring: KeyRing, caller: str, slug: str, *, name: str) -> Secrets:
    """Every value that a secret ever had, the newest first."""
    house = registers.property_named(db, caller, slug)
    mine = [secret for secret in secret_values.load_secrets(db, house) if secret.name == name]
    if not mine:
        raise NotFound("There is no such secret.")
    shown = _shown(db, ring, house, mine)
    return Secrets(secrets=tuple(sorted(shown, key=lambda s: (s.set_at, s.id), reverse=True)))


def set_value(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    *,
    name: str,
    told: NewValue,
    at: datetime,
    by: str,
    unit: Unit | None = None,
    stay: Stay | None = None,
) -> SecretShown:
    """A new value from now on; one that is valid already is left as it is. NotFound for a name that neither
    the files nor the records know.
    """
    if name not in {*STANDARD, *callings.secret_names(tx, house)}:
        raise NotFound("There is no such secret.", hint="The house's files name it first.")
    if not told.value.strip() or not told.value.isprintable():
        raise InvalidFields([("value", "Please write one line.")])
    secret_values.set_now(tx, ring, house, name=name, value=told.value, at=at, by=by, unit=unit, stay=stay)
    scope = (unit.id if unit else None, stay.id if stay else None)
    valid = [
        secret
        for secret in secret_values.load_secrets(tx, house)
        if secret.name == name and (secret.unit_id, secret.stay_id) == scope and secret.valid_from <= at
    ]
    return _shown(tx, ring, house, [max(valid, key=lambda secret: (secret.valid_from, secret.id))])[0]


def unit_named(db: Reading, house: Property, slug: str) -> Unit:
    """A unit of a house that the caller reaches."""
    found = [unit for unit in records.units(db, house) if unit.slug == slug]
    if not found:
        raise NotFound("There is no such unit.")
    return found[0]


def _shown(db: Reading, ring: KeyRing, house: Property, secrets: list[Secret]) -> list[SecretShown]:
    units = {unit.id: unit.slug for unit in records.units(db, house)}
    return [
        SecretShown(
            id=secret.id,
            property=house.slug,
            secret=secret.name,
            unit=units.get(secret.unit_id or "", ""),
            stay_id=secret.stay_id or "",
            shown=secret.rule,
            hours=secret.hours,
            valid_from=secret.valid_from,
            valid_until=secret.valid_until,
            set_at=secret.set_at,
            set_by=history.who(db, ring, secret.set_by),
        )
        for secret in secrets
    ]
