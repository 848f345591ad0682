"""What a source tells of a stay against what we know of it: what changes, and the same in words. Pure.

Only what is told is compared. What a host arranged by hand (a change of rooms, a fuller name) is kept.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from generator.intake.cells import folded
from generator.intake.entries import Consent, Entry
from guestlink import consents
from guestlink.contacts import FIELDS, Person, phone_digits
from guestlink.records import TAKEN, Contact, Period, Stay

MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHOWN = {"proposed_cancelled": "proposed for cancellation", "no_show": "no-show"}
SHOWN_FIELDS = {
    "expected_arrival": "expected arrival",
    "check_in": "check-in",
    "check_out": "check-out",
    "amount": "amount to pay",
}
KEPT_NO = "a yes to WhatsApp is not taken over, since the guest said no"
KEPT_YES = (
    "a no to WhatsApp is not taken over, since the guest agreed elsewhere; "
    "`publish.py stay set STAY --whatsapp-consent ''` takes it back"
)
SHOWN_PERSON = {"name": "guest's name", "phone": "guest's phone", "email": "guest's e-mail"}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What to change: plain fields, periods, the guest, what they agree to or do no more. `words` says it and
    repeats nothing personal; `kept` says what was told and is not taken over.
    """

    fields: dict[str, Any] = {}
    periods: tuple[Period, ...] | None = None
    guest: Person | None = None
    party: str | None = None
    consent: Consent | None = None
    is_restored: bool = False
    words: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words)


def restoring(entry: Entry, stay: Stay) -> Difference:
    """What is left to do for a row that is known: a stay proposed for cancellation is in the feed again."""
    status = told_status(entry, stay) if stay.status == "proposed_cancelled" else ""
    return _worded({"status": status}, stay) if status else Difference()


def difference(
    entry: Entry,
    stay: Stay,
    *,
    current: tuple[Period, ...],
    booker: Contact | None,
    known: Person,
    is_in_party: bool,
    year: int,
) -> Difference:
    """How the stay differs from what the entry tells. `year` is left out of dates in words."""
    fields = {name: value for name, value in entry.plain.items() if getattr(stay, name) != value}
    if status := told_status(entry, stay):
        fields["status"] = status
    wanted = arranged(entry, current)
    guest = better_known(known, entry.guest)
    party = entry.party if entry.party and not is_in_party else None
    plain = _worded(fields, stay)
    words = [*_dates_in_words(stay, entry, year), *_units_in_words(current, wanted), *plain.words]
    words += [
        f"{SHOWN_PERSON[name]} changed"
        for name in SHOWN_PERSON
        if getattr(guest, name) != getattr(known, name)
    ]
    words += ["joined to a party"] if party else []
    agreed, consent_words, kept = consent(entry, booker)
    return Difference(
        fields=fields,
        periods=wanted if _shape(wanted) != _shape(current) else None,
        guest=guest if guest != known else None,
        party=party,
        consent=agreed,
        is_restored=plain.is_restored,
        words=(*words, *consent_words),
        kept=(*_still_off(entry, stay), *kept),
    )


def consent(entry: Entry, booker: Contact | None) -> tuple[Consent | None, tuple[str, ...], tuple[str, ...]]:
    """What is news about WhatsApp, the same in words, and what is not taken over. A no takes back only what
    an import told: what guests said to us themselves is theirs to change.
    """
    said = entry.consent
    if said is None or booker is None:
        return None, (), ()
    if said.agrees and consents.has_taken_back(booker):
        return None, (), (KEPT_NO,)
    if said.agrees == (booker.opted_in_at is not None) or consents.has_taken_back(booker):
        return None, (), ()
    if said.agrees:
        return said, ("agrees to WhatsApp",), ()
    if booker.opted_in_how == consents.BY_IMPORT:
        return said, ("no longer agrees to WhatsApp",), ()
    return None, (), (KEPT_YES,)


def told_status(entry: Entry, stay: Stay) -> str:
    """The status a stay changes to, or nothing. A feed that shows a stay again takes its proposal back."""
    if entry.status:
        return entry.status if entry.status != stay.status else ""
    return "confirmed" if entry.is_from_feed and stay.status == "proposed_cancelled" else ""


def _still_off(entry: Entry, stay: Stay) -> tuple[str, ...]:
    """Only a source that says so brings back what was cancelled: files and calendars repeat old rows."""
    if stay.status in TAKEN or entry.status:
        return ()
    told = SHOWN.get(stay.status, stay.status)
    mend = f"`publish.py stay set {stay.code} --status confirmed` brings it back"
    return (f"it is {told} here and stays so; {mend}",)


def arranged(entry: Entry, current: tuple[Period, ...]) -> tuple[Period, ...]:
    """The stay's units over the told dates: a change of rooms made by hand outlives other dates.

    A unit that is only given for the whole file is where stays go that have none yet; it moves nobody.
    """
    units = {period.unit_id for period in current}
    may_move = entry.is_unit_in_row or units == {None}
    if entry.unit and entry.unit.id not in units and may_move:
        return (entry.period,)
    kept = [p for p in current if p.from_on < entry.departure and p.until_on > entry.arrival] or [current[-1]]
    kept[0] = msgspec.structs.replace(kept[0], from_on=entry.arrival)
    kept[-1] = msgspec.structs.replace(kept[-1], until_on=entry.departure)
    return tuple(kept)


def better_known(known: Person, told: Person) -> Person:
    """What is told replaces what is known, but not by the beginning of a name or the end of a phone."""
    fuller = {name: getattr(told, name) or getattr(known, name) for name in FIELDS}
    if folded(known.name).startswith(f"{folded(told.name)} "):
        fuller["name"] = known.name
    if phone_digits(known.phone).endswith(phone_digits(told.phone)):
        fuller["phone"] = known.phone
    return Person(**fuller)


def day(on: date, year: int) -> str:
    """`3 May`, and the year when it is another one."""
    return f"{on.day} {MONTHS[on.month]}" + (f" {on.year}" if on.year != year else "")


def _worded(fields: Mapping[str, Any], stay: Stay) -> Difference:
    words = []
    for name, value in fields.items():
        before, after = (SHOWN.get(text, text) for text in (str(getattr(stay, name)), str(value)))
        words.append(f"{SHOWN_FIELDS.get(name, name)} {before or 'none'} -> {after}")
    restored = stay.status == "proposed_cancelled" and fields.get("status") == "confirmed"
    return Difference(fields=dict(fields), words=tuple(words), is_restored=restored)


def _dates_in_words(stay: Stay, entry: Entry, year: int) -> list[str]:
    pairs = {"arrival": (stay.from_on, entry.arrival), "departure": (stay.until_on, entry.departure)}
    return [f"{name} {day(a, year)} -> {day(b, year)}" for name, (a, b) in pairs.items() if a != b]


def _units_in_words(current: Sequence[Period], wanted: Sequence[Period]) -> list[str]:
    before, after = (", ".join(dict.fromkeys(p.unit or "none" for p in ps)) for ps in (current, wanted))
    return [f"unit {before} -> {after}"] if before != after else []


def _shape(periods: Sequence[Period]) -> list[tuple[str | None, date, date]]:
    return [(period.unit_id, period.from_on, period.until_on) for period in periods]
