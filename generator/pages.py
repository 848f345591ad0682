"""Which pages a stay has and what is on them: language, phase, sections, notices, secrets, source hash. Pure.

It never opens a sealed value: source hashes take secrets, names, words and keys by row id and version.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

from generator.files.host_content import LOST_PROPERTY, HostContent
from generator.files.shapes import Notice, Section
from guestlink import language, links, zones
from guestlink.records import (
    Arrival,
    Guest,
    Link,
    Period,
    Phase,
    Property,
    Secret,
    Stay,
    next_phase_at,
    phase,
)
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
    guest: Guest | None = None
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
    stay, house, texts = view.stay, view.house, _texts(_Same(content))
    now = phase(stay, house, at)
    if now == "expired":
        return []
    offered = texts.offered(stay.language)
    if view.link.replaced_at is not None:
        return [_gate(view, texts, site, state="replaced", now=now, offered=offered)]
    if stay.status in ("cancelled", "no_show"):
        return [_gate(view, texts, site, state="cancelled", now=now, offered=offered)]
    linked = offered[: 1 if site.guest_only else None]
    pages = [_welcome(view, texts, site, tag=tag, offered=linked, now=now, at=at) for tag in linked]
    return [*pages, _gate(view, texts, site, state="open", now=now, offered=offered)]


def next_boundary(view: StayView, content: HostContent, *, at: datetime) -> datetime | None:
    """When this stay's pages change next by themselves: a phase, a secret, a dated section, a notice."""
    stay, house = view.stay, view.house
    instants = [instant for instant in (next_phase_at(stay, house, at),) if instant]
    if not instants:
        return None
    if view.link.replaced_at is None and stay.status not in ("cancelled", "no_show"):
        for window in _windows(view, content, at):
            instants += [instant for instant in (window.opens, window.ends) if instant]
        instants += _texts(_Same(content)).dated(house.zone)
        instants += [_midnight_after(period.until_on, house.zone) for period in view.periods]
    return min((instant for instant in instants if instant > at), default=None)


def _welcome(
    view: StayView,
    texts: "_Texts",
    site: Site,
    *,
    tag: str,
    offered: tuple[str, ...],
    now: Phase,
    at: datetime,
) -> Page:
    stay, content = view.stay, texts.content
    direct = _is_direct(stay, content)
    chosen = texts.chosen(_traits(view, content, tag, on=zones.local_date(at, view.house.zone), now=now))
    every = () if now == "departed" else _windows(view, content, at)
    shown = tuple(window for window in every if window.is_open(at))
    open_now = {(window.name, window.unit) for window in shown}
    coming = tuple(w for w in every if (w.opens is None or w.opens > at) and (w.name, w.unit) not in open_now)
    known = {window.name for window in every}
    missing = tuple(name for name in content.reveal if name not in known) if now != "departed" else ()
    ends = links.policy_end(stay.until_on)
    parts = {
        "content": chosen.digest,
        "stay": _digest(_identity(view)),
        "codes": _digest(([*map(_mark, shown)], [*map(_mark, coming)], missing)),
        "phase": now,
        "key": f"{view.link.id}:{site.key_id}:{site.public_url}",
        "link": ",".join(offered),
        "until": _month(ends),
        "theme": site.build,
    }
    return Page(
        path=links.page_path(view.link.slug, tag),
        kind="welcome",
        source_hash=_digest(parts),
        parts=parts,
        view=view,
        language=tag,
        languages=offered,
        phase=now,
        policy_end=ends,
        direct=direct,
        clear=chosen.clear,
        sealed=chosen.sealed,
        notices=chosen.notices,
        sealed_notices=chosen.sealed_notices,
        services=chosen.services,
        shown=shown,
        coming=coming,
        missing=missing,
    )


def _gate(
    view: StayView,
    texts: "_Texts",
    site: Site,
    *,
    state: GateState,
    now: Phase,
    offered: tuple[str, ...],
) -> Page:
    ends = links.policy_end(view.stay.until_on)
    parts = {
        "content": texts.gate(offered[0]),
        "stay": state,
        "key": f"{view.link.id}:{site.key_id}:{site.public_url}",
        "link": offered[0],
        "until": _month(ends),
        "theme": site.build,
    }
    return Page(
        path=links.gate_path(view.link.slug),
        kind="gate",
        source_hash=_digest(parts),
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


class _Traits(NamedTuple):
    """All that decides which texts a page has. `units` are the rooms that the guest has or will have; the day
    of arrival counts where there are notices.
    """

    tag: str
    on: date
    now: Phase
    from_on: date | None
    units: tuple[str | None, ...]
    children: bool
    pets: bool
    party: bool
    returning: bool
    direct: bool


class _Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a page by key, in their order, and one hash of all that they and the property say."""

    digest: str
    clear: tuple[str, ...]
    sealed: tuple[str, ...]
    notices: tuple[str, ...]
    sealed_notices: tuple[str, ...]
    services: tuple[str, ...]


def _traits(view: StayView, content: HostContent, tag: str, *, on: date, now: Phase) -> _Traits:
    stay = view.stay
    return _Traits(
        tag=tag,
        on=on,
        now=now,
        from_on=stay.from_on if content.notices else None,
        units=tuple(period.unit for period in view.periods if period.until_on >= on),
        children=stay.children > 0,
        pets=stay.pets > 0,
        party=stay.party_id is not None,
        returning=view.returning,
        direct=_is_direct(stay, content),
    )


class _Texts:
    """A property's texts, and what follows from them for many stays, worked out once."""

    def __init__(self, content: HostContent) -> None:
        self.content = content
        self.rules = {name: Rule(kind=said.rule, hours=said.hours) for name, said in content.reveal.items()}
        self._chosen: dict[_Traits, _Chosen] = {}
        self._offered: dict[str, tuple[str, ...]] = {}
        self._gates: dict[str, str] = {}
        self._shared: dict[str, str] = {}
        self._dated: dict[str, tuple[datetime, ...]] = {}

    def chosen(self, traits: _Traits) -> _Chosen:
        """What a stay with these traits has."""
        if traits not in self._chosen:
            self._chosen[traits] = self._choose(traits)
        return self._chosen[traits]

    def offered(self, spoken: str) -> tuple[str, ...]:
        """The guest's language first, then the property's content languages."""
        if spoken not in self._offered:
            guest = language.chrome_language(spoken)
            others = (tag for tag in self.content.languages if tag != guest)
            self._offered[spoken] = guest, *others
        return self._offered[spoken]

    def gate(self, tag: str) -> str:
        """A hash of what gates in one language show."""
        if tag not in self._gates:
            self._gates[tag] = _digest((self.content.words_in(tag).name, self.content.accent))
        return self._gates[tag]

    def dated(self, zone: str) -> tuple[datetime, ...]:
        """When sections and notices come and go: at midnight, by the clocks of the house."""
        if zone not in self._dated:
            sections = [each for versions in self.content.sections.values() for each in versions.values()]
            notices = [each for versions in self.content.notices.values() for each in versions.values()]
            days = [(section.shown_from, section.shown_until) for section in sections]
            days += [(notice.shown_from, notice.shown_until) for notice in notices]
            come = [zones.local_instant(begins, time(0), zone) for begins, _ in days if begins]
            self._dated[zone] = *come, *(_midnight_after(ends, zone) for _, ends in days if ends)
        return self._dated[zone]

    def _choose(self, traits: _Traits) -> _Chosen:
        sections, notices = self._sections(traits), self._notices(traits)
        said = [section.digest for section in sections], [notice.digest for notice in notices]
        return _Chosen(
            digest=_digest((self._shared_in(traits.tag), said)),
            clear=tuple(section.key for section in sections if not is_sealed(section)),
            sealed=tuple(section.key for section in sections if is_sealed(section)),
            notices=tuple(notice.key for notice in notices if not notice.units),
            sealed_notices=tuple(notice.key for notice in notices if notice.units),
            services=self._services(traits),
        )

    def _sections(self, traits: _Traits) -> list[Section]:
        """What applies to this stay today; words of farewell wait until it is over."""
        wanted = [
            section
            for section in self._picked(self.content.sections, traits.tag)
            if _applies(section, traits) and (section.lead != ("departed",) or traits.now == "departed")
        ]
        return sorted(wanted, key=lambda section: (section.order, section.key))

    def _notices(self, traits: _Traits) -> list[Notice]:
        """What there is to know today, the important first, for stays that begin before it is over."""
        told = [
            notice
            for notice in self._picked(self.content.notices, traits.tag)
            if notice.shown_from <= traits.on <= notice.shown_until
            and traits.now != "departed"
            and (traits.from_on is None or traits.from_on <= notice.shown_until)
            and _has_one_of(notice.units, traits)
        ]
        return sorted(told, key=lambda notice: (not notice.important, notice.shown_from, notice.key))

    def _services(self, traits: _Traits) -> tuple[str, ...]:
        """What the list of services offers in this phase, in the host's order. The page of a departed guest
        asks for what was left behind at its top.
        """
        above = LOST_PROPERTY if traits.now == "departed" else ""
        every = self._picked(self.content.services, traits.tag)
        offered = [service for service in every if traits.now in service.phases and service.key != above]
        return tuple(service.key for service in sorted(offered, key=lambda each: (each.order, each.key)))

    def _shared_in(self, tag: str) -> str:
        """A hash of what every page of a property shows in one language: words, services, places, pictures,
        rules of secrets.
        """
        if tag not in self._shared:
            content = self.content
            self._shared[tag] = _digest(
                (
                    (content.accent, content.picture, content.phone, content.wifi, content.reveal),
                    (content.whatsapp, content.coordinates, content.off_platform, bool(content.notices)),
                    content.words_in(tag),
                    [service.digest for service in self._picked(content.services, tag)],
                    [place.digest for place in self._picked(content.places, tag)],
                    sorted(picture.asset for picture in content.pictures.values()),
                )
            )
        return self._shared[tag]

    def _picked(self, entries: Mapping[str, Mapping[str, T]], tag: str) -> list[T]:
        return [self.content.pick(versions, tag) for versions in entries.values()]


def _applies(section: Section, traits: _Traits) -> bool:
    if (section.shown_from and traits.on < section.shown_from) or (
        section.shown_until and traits.on > section.shown_until
    ):
        return False
    return _has_one_of(section.units, traits) and (
        not section.only_if or bool(getattr(traits, section.only_if))
    )


def _has_one_of(units: tuple[str, ...], traits: _Traits) -> bool:
    """Whether the guest has one of these rooms, or will have; any room will do where none is named."""
    return not units or any(unit in units for unit in traits.units)


def _is_direct(stay: Stay, content: HostContent) -> bool:
    """Some booking sources forbid to lead their guests to a chat outside them."""
    return stay.source not in content.off_platform


def _windows(view: StayView, content: HostContent, at: datetime) -> tuple[Window, ...]:
    return _windows_of(_Same(view), _Same(content), at)


@lru_cache(maxsize=4)
def _windows_of(one: "_Same[StayView]", all_of: "_Same[HostContent]", at: datetime) -> tuple[Window, ...]:
    """The same for each language of a stay, and for its next boundary."""
    view, rules = one.it, _texts(all_of).rules
    found = windows(view.secrets, stay=view.stay, house=view.house, periods=view.periods, rules=rules, at=at)
    return tuple(found)


def _midnight_after(on: date, zone: str) -> datetime:
    return zones.local_instant(on + timedelta(days=1), time(0), zone)


class _Same(Generic[T]):
    """A content or a view as a key: itself, whatever stands in it."""

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.it is self.it


@lru_cache(maxsize=4)
def _texts(same: _Same[HostContent]) -> _Texts:
    return _Texts(same.it)


# -- hashing ---------------------------------------------------------------------------------------
def _identity(view: StayView) -> tuple[object, ...]:
    house = view.house
    rooms = [(period.unit, period.title, period.from_on, period.until_on) for period in view.periods]
    told = (view.arrival.contact_id, view.arrival.version) if view.arrival else ()
    who = view.stay.id, view.stay.version, view.link.contact_version, view.returning, rooms, told
    return who, house.zone, house.currency, house.check_in, house.check_out


def _mark(window: Window) -> tuple[object, ...]:
    return window.secret_id, window.version, window.opens, window.ends


def _month(ends: datetime) -> str:
    return ends.isoformat()[:7]


def _digest(parts: object) -> str:
    """One hash of values, nested as they are: JSON ends each before the next begins."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]
