"""Which pages a stay has and what is on them: language, phase, sections, notices, secrets, source hash. Pure.

It never opens a sealed value: source hashes take secrets, names, words and keys by row id and version.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Generic, Literal, TypeVar

import msgspec

from generator.files.host_content import LOST_PROPERTY, HostContent
from generator.files.shapes import Notice, Section
from guestlink import language, links, zones
from guestlink.records import Arrival, Link, Period, Phase, Property, Secret, Stay, next_phase_at, phase
from guestlink.secret_values import Rule, Window, windows

T = TypeVar("T")
Kind = Literal["welcome", "gate"]
GateState = Literal["open", "replaced", "cancelled"]


class StayView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the records say about one link of one stay; nothing in it is opened."""

    house: Property
    stay: Stay
    periods: tuple[Period, ...]
    link: Link
    secrets: tuple[Secret, ...]
    arrival: Arrival | None = None
    returning: bool = False


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What all pages share. `build` covers program and theme, `fingerprint` settings and key too. With
    `guest_only` a link has its page in the guest's language alone.
    """

    public_url: str
    key_id: str
    build: str
    fingerprint: str
    guest_only: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One object to publish. `parts` are the ingredients of `source_hash`, by which a change is told in
    words. `direct` is a stay whose guests may be led to a chat of the house.
    """

    path: str
    kind: Kind
    source_hash: str
    parts: dict[str, str]
    view: StayView
    language: str
    languages: tuple[str, ...]
    phase: Phase
    policy_end: datetime
    gate: GateState = "open"
    direct: bool = True
    clear: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    sealed_notices: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    shown: tuple[Window, ...] = ()
    coming: tuple[Window, ...] = ()
    missing: tuple[str, ...] = ()


def compose(view: StayView, content: HostContent, site: Site, *, at: datetime) -> list[Page]:
    """The wanted pages and the gate of one link; none when its policy month is over."""
    stay, house = view.stay, view.house
    now = phase(stay, house, at)
    if now == "expired":
        return []
    if view.link.replaced_at is not None:
        return [_gate(view, content, site, state="replaced", now=now)]
    if stay.status in ("cancelled", "no_show"):
        return [_gate(view, content, site, state="cancelled", now=now)]
    offered = offered_languages(stay, content)[: 1 if site.guest_only else None]
    pages = [_welcome(view, content, site, tag=tag, offered=offered, at=at) for tag in offered]
    return [*pages, _gate(view, content, site, state="open", now=now)]


def next_boundary(view: StayView, content: HostContent, *, at: datetime) -> datetime | None:
    """When this stay's pages change next by themselves: a phase, a secret, a dated section, a notice."""
    stay, house = view.stay, view.house
    instants = [instant for instant in (next_phase_at(stay, house, at),) if instant]
    if not instants:
        return None
    if view.link.replaced_at is None and stay.status not in ("cancelled", "no_show"):
        for window in _windows(view, content, at):
            instants += [instant for instant in (window.opens, window.ends) if instant]
        instants += _dated(_Same(content), house.zone)
        instants += [_midnight_after(period.until_on, house.zone) for period in view.periods]
    later = [instant for instant in instants if instant > at]
    return min(later) if later else None


def offered_languages(stay: Stay, content: HostContent) -> tuple[str, ...]:
    """The guest's language first, then the property's content languages."""
    guest = language.chrome_language(stay.language)
    return (guest, *(tag for tag in content.languages if tag != guest))


def _welcome(
    view: StayView, content: HostContent, site: Site, *, tag: str, offered: tuple[str, ...], at: datetime
) -> Page:
    stay, house = view.stay, view.house
    now = phase(stay, house, at)
    on = zones.local_date(at, house.zone)
    chosen = _sections(view, content, tag, on=on, now=now)
    told = _notices(view, content, tag, on=on, now=now)
    every = () if now == "departed" else _windows(view, content, at)
    shown = tuple(window for window in every if window.is_open(at))
    open_now = {(window.name, window.unit) for window in shown}
    coming = tuple(w for w in every if (w.opens is None or w.opens > at) and (w.name, w.unit) not in open_now)
    known = {window.name for window in every}
    missing = tuple(name for name in content.reveal if name not in known) if now != "departed" else ()
    ends = links.policy_end(stay.until_on)
    parts = {
        "content": _digest(
            [
                _shared(_Same(content), tag),
                *(section.digest for section in chosen),
                *(notice.digest for notice in told),
            ]
        ),
        "stay": _digest([repr(_identity(view)), house.zone, house.currency, house.check_in, house.check_out]),
        "codes": _digest(["shown", *map(_mark, shown), "coming", *map(_mark, coming), "missing", *missing]),
        "phase": now,
        "key": f"{view.link.id}:{site.key_id}:{site.public_url}",
        "link": ",".join(offered),
        "until": f"{ends:%Y-%m}",
        "theme": site.build,
    }
    return Page(
        path=links.page_path(view.link.slug, tag),
        kind="welcome",
        source_hash=_digest([f"{name}={value}" for name, value in sorted(parts.items())]),
        parts=parts,
        view=view,
        language=tag,
        languages=offered,
        phase=now,
        policy_end=ends,
        direct=_is_direct(stay, content),
        clear=tuple(section.key for section in chosen if not is_sealed(section)),
        sealed=tuple(section.key for section in chosen if is_sealed(section)),
        notices=tuple(notice.key for notice in told if not notice.units),
        sealed_notices=tuple(notice.key for notice in told if notice.units),
        services=_services(content, tag, now=now),
        shown=shown,
        coming=coming,
        missing=missing,
    )


def _gate(view: StayView, content: HostContent, site: Site, *, state: GateState, now: Phase) -> Page:
    offered = offered_languages(view.stay, content)
    ends = links.policy_end(view.stay.until_on)
    words = content.words_in(offered[0])
    parts = {
        "content": _digest([words.name, content.accent]),
        "stay": state,
        "key": f"{view.link.id}:{site.key_id}:{site.public_url}",
        "link": offered[0],
        "until": f"{ends:%Y-%m}",
        "theme": site.build,
    }
    return Page(
        path=links.gate_path(view.link.slug),
        kind="gate",
        source_hash=_digest([f"{name}={value}" for name, value in sorted(parts.items())]),
        parts=parts,
        view=view,
        language=offered[0],
        languages=offered,
        phase=now,
        policy_end=ends,
        gate=state,
    )


# -- choosing --------------------------------------------------------------------------------------
def is_sealed(section: Section) -> bool:
    """Only what every guest of the property may see is printed in clear."""
    return bool(section.units or section.only_if)


def _sections(view: StayView, content: HostContent, tag: str, *, on: date, now: Phase) -> list[Section]:
    """What applies to this stay today; words of farewell wait until it is over."""
    chosen = [content.pick(content.sections[key], tag) for key in content.sections]
    wanted = [
        section
        for section in chosen
        if _applies(section, view, on, direct=_is_direct(view.stay, content))
        and (section.lead != ("departed",) or now == "departed")
    ]
    return sorted(wanted, key=lambda section: (section.order, section.key))


def _applies(section: Section, view: StayView, on: date, *, direct: bool) -> bool:
    if (section.shown_from and on < section.shown_from) or (section.shown_until and on > section.shown_until):
        return False
    if section.units and not _has_one_of(section.units, view, on):
        return False
    conditions: Mapping[str, bool] = {
        "": True,
        "children": view.stay.children > 0,
        "pets": view.stay.pets > 0,
        "party": view.stay.party_id is not None,
        "returning": view.returning,
        "direct": direct,
    }
    return conditions[section.only_if]


def _has_one_of(units: tuple[str, ...], view: StayView, on: date) -> bool:
    """Whether the guest has one of these rooms, or will have."""
    return any(period.unit in units for period in view.periods if period.until_on >= on)


def _is_direct(stay: Stay, content: HostContent) -> bool:
    """Some booking sources forbid to lead their guests to a chat outside them."""
    return stay.source not in content.off_platform


def _notices(view: StayView, content: HostContent, tag: str, *, on: date, now: Phase) -> list[Notice]:
    """What there is to know today, the important first, for stays that begin before it is over."""
    every = [content.pick(versions, tag) for versions in content.notices.values()]
    told = [
        notice
        for notice in every
        if notice.shown_from <= on <= notice.shown_until
        and now != "departed"
        and view.stay.from_on <= notice.shown_until
        and (not notice.units or _has_one_of(notice.units, view, on))
    ]
    return sorted(told, key=lambda notice: (not notice.important, notice.shown_from, notice.key))


def _services(content: HostContent, tag: str, *, now: Phase) -> tuple[str, ...]:
    """What the list of services offers in this phase, in the host's order. The page of a departed guest asks
    for what was left behind at its top.
    """
    every = [content.pick(versions, tag) for versions in content.services.values()]
    above = LOST_PROPERTY if now == "departed" else ""
    offered = [service for service in every if now in service.phases and service.key != above]
    return tuple(service.key for service in sorted(offered, key=lambda each: (each.order, each.key)))


def _windows(view: StayView, content: HostContent, at: datetime) -> tuple[Window, ...]:
    return _windows_of(_Same(view), _Same(content), at)


@lru_cache(maxsize=4)
def _windows_of(one: "_Same[StayView]", all_of: "_Same[HostContent]", at: datetime) -> tuple[Window, ...]:
    """The same for each language of a stay, and for its next boundary."""
    view, content = one.it, all_of.it
    rules = {name: Rule(kind=reveal.rule, hours=reveal.hours) for name, reveal in content.reveal.items()}
    found = windows(view.secrets, stay=view.stay, house=view.house, periods=view.periods, rules=rules, at=at)
    return tuple(window for window in found if window.ends > at)


@lru_cache(maxsize=64)
def _dated(same: "_Same[HostContent]", zone: str) -> tuple[datetime, ...]:
    """When sections and notices come and go: at midnight, by the clocks of the house."""
    content = same.it
    sections = [section for versions in content.sections.values() for section in versions.values()]
    notices = [notice for versions in content.notices.values() for notice in versions.values()]
    days = [(entry.shown_from, entry.shown_until) for entry in sections]
    days += [(entry.shown_from, entry.shown_until) for entry in notices]
    come = [zones.local_instant(begins, time(0), zone) for begins, _ in days if begins]
    return *come, *(_midnight_after(ends, zone) for _, ends in days if ends)


def _midnight_after(on: date, zone: str) -> datetime:
    return zones.local_instant(on + timedelta(days=1), time(0), zone)


def _mark(window: Window) -> str:
    return f"{window.secret_id}:{window.version}:{window.opens}:{window.ends}"


# -- hashing ---------------------------------------------------------------------------------------
def _identity(view: StayView) -> tuple[object, ...]:
    rooms = [(period.unit, period.title, period.from_on, period.until_on) for period in view.periods]
    told = (view.arrival.contact_id, view.arrival.version) if view.arrival else ()
    return view.stay.id, view.stay.version, view.link.contact_version, view.returning, rooms, told


class _Same(Generic[T]):
    """A content or a view as a key: itself, whatever stands in it."""

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.it is self.it


@lru_cache(maxsize=64)
def _shared(same: _Same[HostContent], tag: str) -> str:
    """What every page of a property shows in one language: words, services, places, pictures, rules of
    secrets.
    """
    content = same.it
    services = [content.pick(versions, tag).digest for versions in content.services.values()]
    places = [content.pick(versions, tag).digest for versions in content.places.values()]
    pictures = sorted(picture.asset for picture in content.pictures.values())
    house = (content.accent, content.picture, content.phone, content.wifi, sorted(content.reveal.items()))
    ways = (content.whatsapp, content.coordinates, content.off_platform, bool(content.notices))
    return _digest([repr(house), repr(ways), repr(content.words_in(tag)), *services, *places, *pictures])


def _digest(parts: Iterable[str]) -> str:
    """One hash of several texts, each with its length before it."""
    whole = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        whole.update(len(raw).to_bytes(4, "big") + raw)
    return whole.hexdigest()[:32]
