"""Secrets: door codes, passwords, addresses. Their values over time, and when a stay may see which.

Values are sealed under the system key; `windows` is pure and never sees one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from guestlink import clock, zones
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidInput
from guestlink.houses import changed, checked_slug
from guestlink.records import Period, Property, Secret, Stay, Unit, local_time, moments, shaped_all

STANDARD = ("exact-address", "gate-code", "door-code", "key-box", "wifi-password")
LONGEST_VALUE = 500


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """When guests see a secret: from booking on, some hours before check-in, or when the room is ready."""

    kind: Literal["booking", "hours", "ready"] = "hours"
    hours: int = 48


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One secret's value as one stay sees it: from an instant (None = when the room is ready) until another."""

    name: str
    secret_id: str
    version: int
    unit: str
    opens: datetime | None
    ends: datetime

    def is_open(self, at: datetime) -> bool:
        return self.opens is not None and self.opens <= at < self.ends


def set_secret(
    tx: Writing,
    ring: KeyRing,
    house: Property,
    *,
    name: str,
    value: str,
    at: datetime,
    by: str,
    unit: Unit | None = None,
    stay: Stay | None = None,
    rule: Rule | None = None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> None:
    """A new value from now (or `valid_from`) on; what was valid then ends there and stays in the history."""
    checked_slug(name)
    if not value.strip() or len(value) > LONGEST_VALUE or "\n" in value.strip():
        raise InvalidInput(f"The value of {name} is empty, longer than {LONGEST_VALUE} characters or several lines.")
    begins = valid_from or at
    if valid_until and valid_until <= begins:
        raise InvalidInput(f"{name} would end before it begins.", hint="Check --from and --until.")
    scope = {"unit_id": unit.id if unit else "", "stay_id": stay.id if stay else ""}
    rows = tx.all("secrets_of_scope", property_id=house.id, name=name, at=clock.as_text(begins), **scope)
    for old in shaped_all(rows, Secret):
        tx.do("end_secret", id=old.id, valid_until=clock.as_text(max(begins, old.valid_from)))
    secret_id = clock.new_id()
    tx.do(
        "add_secret",
        id=secret_id,
        property_id=house.id,
        unit_id=unit.id if unit else None,
        stay_id=stay.id if stay else None,
        name=name,
        value=ring.seal(value.strip(), "secrets", "value", row=secret_id),
        rule=rule.kind if rule else "",
        hours=rule.hours if rule else 0,
        valid_from=clock.as_text(begins),
        valid_until=clock.as_text(valid_until) if valid_until else None,
        set_by=by,
        set_at=clock.as_text(at),
    )
    body = {"secret": secret_id, "name": name, **scope}
    changed(tx, house, "secret-set", body, why=f"{name} changed", at=at, by=by)


def load_secrets(db: Reading, house: Property) -> list[Secret]:
    return shaped_all(db.all("secrets_of_property", property_id=house.id), Secret)


def open_secret(ring: KeyRing, secret: Secret) -> str:
    return ring.open(secret.value, "secrets", "value", row=secret.id)


def current_values(db: Reading, ring: KeyRing, house: Property, *, at: datetime) -> dict[str, str]:
    """Value -> name of every secret that is or will be valid: what a content file must not contain."""
    current = [s for s in load_secrets(db, house) if s.valid_until is None or s.valid_until > at]
    return {open_secret(ring, secret): secret.name for secret in current}


# -- pure: when a stay sees what -------------------------------------------------------------------
def windows(
    secrets: Iterable[Secret],
    *,
    stay: Stay,
    house: Property,
    periods: Sequence[Period],
    rules: Mapping[str, Rule],
    at: datetime,
) -> list[Window]:
    """Every window of every secret that this stay can ever see, in order of name and time.

    The narrowest scope with a value that is not over wins (stay, then unit, then property). A unit's secret belongs
    to the nights in that unit; all others to the whole stay.
    """
    found: list[Window] = []
    mine = [s for s in secrets if s.stay_id in (None, stay.id)]
    for name in sorted({secret.name for secret in mine}):
        named = [secret for secret in mine if secret.name == name]
        for period in periods:
            found += _of_period(named, stay=stay, house=house, period=period, rules=rules, at=at)
    return _joined(found)


def _of_period(
    named: list[Secret], *, stay: Stay, house: Property, period: Period, rules: Mapping[str, Rule], at: datetime
) -> Iterator[Window]:
    begins, ends = _span(stay, house, period)
    for secret in _narrowest(named, period, at):
        rule = Rule(kind=secret.rule, hours=secret.hours) if secret.rule else rules.get(secret.name, Rule())
        opens = _opening(rule, begins, secret, stay)
        last = min(ends, secret.valid_until) if secret.valid_until else ends
        if opens is None or opens < last:
            yield Window(
                name=secret.name,
                secret_id=secret.id,
                version=secret.version,
                unit=(period.unit or "") if secret.unit_id else "",
                opens=opens,
                ends=last,
            )


def _narrowest(named: list[Secret], period: Period, at: datetime) -> list[Secret]:
    scopes = (
        [s for s in named if s.stay_id],
        [s for s in named if s.unit_id and not s.stay_id and s.unit_id == period.unit_id],
        [s for s in named if not s.unit_id and not s.stay_id],
    )
    for scope in scopes:
        lasting = [s for s in scope if s.valid_until is None or s.valid_until > at]
        if lasting:
            return lasting
    return []


def _span(stay: Stay, house: Property, period: Period) -> tuple[datetime, datetime]:
    marks = moments(stay, house)
    first = period.from_on == stay.from_on
    last = period.until_on == stay.until_on
    change_in = zones.local_instant(period.from_on, local_time(house.check_in), house.zone)
    change_out = zones.local_instant(period.until_on, local_time(house.check_out), house.zone)
    return (marks.check_in if first else change_in), (marks.departed if last else change_out)


def _opening(rule: Rule, begins: datetime, secret: Secret, stay: Stay) -> datetime | None:
    if rule.kind == "booking":
        return secret.valid_from
    if rule.kind == "ready":
        return max(stay.ready_at, secret.valid_from) if stay.ready_at else None
    return max(begins - timedelta(hours=rule.hours), secret.valid_from)


def _joined(found: list[Window]) -> list[Window]:
    """A property's secret seen through several periods is one window from the first opening to the last end."""
    joined: dict[tuple[str, str], Window] = {}
    for window in found:
        before = joined.get((window.secret_id, window.unit))
        if before is None:
            joined[window.secret_id, window.unit] = window
            continue
        opens = [opening for opening in (before.opens, window.opens) if opening is not None]
        merged = msgspec.structs.replace(
            before, opens=min(opens) if opens else None, ends=max(before.ends, window.ends)
        )
        joined[window.secret_id, window.unit] = merged
    return sorted(joined.values(), key=lambda w: (w.name, w.opens or w.ends, w.secret_id))
