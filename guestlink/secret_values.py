"""Secrets: door codes, passwords, addresses. Their values over time, and when a stay may see which.

Values are sealed under the system key; `windows` is pure and never sees one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
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
    """One secret's value as one stay sees it: from an instant (None: when the room is ready) on."""

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
        raise InvalidInput(
            f"The value of {name} is empty, longer than {LONGEST_VALUE} characters or several lines."
        )
    begins = valid_from or at
    if valid_until and valid_until <= begins:
        raise InvalidInput(f"{name} would end before it begins.", hint="Check --from and --until.")
    scope = {"unit_id": unit.id if unit else "", "stay_id": stay.id if stay else ""}
    rows = tx.all("secrets_of_scope", property_id=house.id, name=name, at=clock.as_text(begins), **scope)
    for old in shaped_all(rows, Secret):
        if valid_until and old.valid_from >= valid_until:
            continue  # it begins only after this one
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


def set_now(
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
) -> bool:
    """A new value in the place of the one that is valid: from now on, by the same rule and as long. What was
    set for later begins then. False when it has this value already.
    """
    scope = {"unit_id": unit.id if unit else "", "stay_id": stay.id if stay else ""}
    rows = tx.all("secrets_of_scope", property_id=house.id, name=name, at=clock.as_text(at), **scope)
    known = shaped_all(rows, Secret)
    before = next((secret for secret in known if secret.valid_from <= at), None)
    if before and open_secret(ring, before) == value.strip():
        return False
    later = [s.valid_from for s in known if s.valid_from > at and s.valid_until != s.valid_from]
    ends = before.valid_until if before and before.valid_until else min(later, default=None)
    rule = Rule(kind=before.rule, hours=before.hours) if before and before.rule else None
    set_secret(
        tx,
        ring,
        house,
        name=name,
        value=value,
        at=at,
        by=by,
        unit=unit,
        stay=stay,
        rule=rule,
        valid_until=ends,
    )
    return True


def load_secrets(db: Reading, house: Property) -> list[Secret]:
    return shaped_all(db.all("secrets_of_property", property_id=house.id), Secret)


def open_secret(ring: KeyRing, secret: Secret) -> str:
    return ring.open(secret.value, "secrets", "value", row=secret.id)


def current_values(db: Reading, ring: KeyRing, house: Property, *, at: datetime) -> dict[str, str]:
    """Value -> name of every secret that is or will be valid: what a content file must not contain."""
    return {open_secret(ring, secret): secret.name for secret in current(db, house, at=at)}


def current(db: Reading, house: Property, *, at: datetime) -> list[Secret]:
    """Every secret that is or will be valid."""
    return [s for s in load_secrets(db, house) if s.valid_until is None or s.valid_until > at]


def without_value(
    names: Sequence[str], valid: Sequence[Secret], rooms: Sequence[Unit]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names without a value for the house, and the units that have none of their own if others do. Pure."""
    for name in names:
        having = {secret.unit_id for secret in valid if secret.name == name and not secret.stay_id}
        if None in having:
            continue
        without = tuple(unit.slug for unit in rooms if unit.id not in having)
        if without or not having:
            yield name, without if having else ()


# -- pure: when a stay sees what -------------------------------------------------------------------
FOREVER = datetime.max.replace(tzinfo=UTC)


class _Span(msgspec.Struct, frozen=True):
    """A period in instants; what belongs to no unit is seen on until the next period begins."""

    period: Period
    begins: datetime
    ends: datetime
    next_begins: datetime


def windows(
    secrets: Iterable[Secret],
    *,
    stay: Stay,
    house: Property,
    periods: Sequence[Period],
    rules: Mapping[str, Rule],
    at: datetime,
) -> list[Window]:
    """Every window that is not over of every secret that this stay can see, in order of name and time.

    While a value of a narrower scope is valid it stands in the place of wider ones (stay, then unit, then
    property). A unit's secret belongs to the nights in that unit; all others to the whole stay.
    """
    named: dict[str, list[Secret]] = {}
    for secret in secrets:
        if secret.stay_id is None or secret.stay_id == stay.id:
            named.setdefault(secret.name, []).append(secret)
    found = [
        window
        for span in _spans(stay, house, periods)
        for values in named.values()
        for window in _of_span(values, span=span, stay=stay, rules=rules)
    ]
    return [window for window in _joined(found) if window.ends > at]


def codes_at(
    secrets: Iterable[Secret],
    *,
    stay: Stay,
    house: Property,
    periods: Sequence[Period],
    rules: Mapping[str, Rule],
    at: datetime,
) -> datetime | None:
    """When the first code is shown that goes by the hours before arrival, of those that are not over; None
    when there is none. What is shown from booking on tells nothing new, what waits for the room comes by
    itself.
    """
    units = {part.unit_id for part in periods}
    mine = [
        each
        for each in secrets
        if each.unit_id in {None, *units} and (each.rule or rules.get(each.name, Rule()).kind) == "hours"
    ]
    found = windows(mine, stay=stay, house=house, periods=periods, rules=rules, at=at)
    return min((each.opens for each in found if each.opens), default=None)


def _spans(stay: Stay, house: Property, periods: Sequence[Period]) -> list[_Span]:
    if not periods:
        return []
    marks = moments(stay, house)
    begins = [zones.local_instant(p.from_on, local_time(house.check_in), house.zone) for p in periods]
    ends = [zones.local_instant(p.until_on, local_time(house.check_out), house.zone) for p in periods]
    begins[:1], ends[-1:] = [marks.check_in], [marks.departed]
    return [_Span(*span) for span in zip(periods, begins, ends, [*begins[1:], marks.departed], strict=True)]


def _of_span(named: list[Secret], *, span: _Span, stay: Stay, rules: Mapping[str, Rule]) -> Iterator[Window]:
    ready_at = stay.ready_at
    if ready_at and span.period.from_on != stay.from_on:
        ready_at = max(ready_at, span.begins)  # what was ready at arrival was the first room
    for secret, valid_from, valid_until in _valid(named, span.period):
        rule = Rule(kind=secret.rule, hours=secret.hours) if secret.rule else rules.get(secret.name, Rule())
        opens = _opening(rule, span.begins, valid_from, ready_at)
        ends = min(span.ends if secret.unit_id else span.next_begins, valid_until)
        if opens is None or opens < ends:
            yield Window(
                name=secret.name,
                secret_id=secret.id,
                version=secret.version,
                unit=(span.period.unit or "") if secret.unit_id else "",
                opens=opens,
                ends=ends,
            )


def _valid(named: list[Secret], period: Period) -> Iterator[tuple[Secret, datetime, datetime]]:
    """Each value with the times in which no value of a narrower scope stands in its place."""
    scopes: tuple[list[Secret], list[Secret], list[Secret]] = [], [], []
    for secret in named:
        if secret.unit_id is None or secret.unit_id == period.unit_id:
            scopes[0 if secret.stay_id else 1 if secret.unit_id else 2].append(secret)
    narrower: list[tuple[datetime, datetime]] = []
    for scope in scopes:
        valid = [(secret.valid_from, secret.valid_until or FOREVER) for secret in scope]
        for secret, times in zip(scope, valid, strict=True):
            yield from ((secret, *left) for left in _without(times, narrower))
        narrower += valid


def _without(
    times: tuple[datetime, datetime], others: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    left = [times]
    for begins, ends in others:
        pieces = [piece for a, b in left for piece in ((a, min(b, begins)), (max(a, ends), b))]
        left = [(a, b) for a, b in pieces if a < b]
    return left


def _opening(
    rule: Rule, begins: datetime, valid_from: datetime, ready_at: datetime | None
) -> datetime | None:
    if rule.kind == "booking":
        return valid_from
    if rule.kind == "ready":
        return max(ready_at, valid_from) if ready_at else None
    return max(begins - timedelta(hours=rule.hours), valid_from)


def _joined(found: list[Window]) -> list[Window]:
    """One window for what is seen through several periods without a gap; a secret of no unit leaves none."""
    joined: list[Window] = []
    for window in sorted(found, key=lambda w: (w.name, w.secret_id, w.unit, w.opens or w.ends)):
        before = joined[-1] if joined else None
        if before and _continues(window, before):
            joined[-1] = msgspec.structs.replace(before, ends=max(before.ends, window.ends))
        else:
            joined.append(window)
    return sorted(joined, key=lambda w: (w.name, w.opens or w.ends, w.secret_id))


def _continues(window: Window, before: Window) -> bool:
    same = (window.secret_id, window.unit) == (before.secret_id, before.unit)
    return same and (window.opens is None or window.opens <= before.ends)
