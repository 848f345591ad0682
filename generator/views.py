"""The records of a property or a stay as `pages.compose` takes them, read in one snapshot.

It opens no sealed value except for `private`, which is asked once for every link that is really rendered.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from generator.pages import Page, StayView
from generator.rendering import Private
from guestlink import links, zones
from guestlink.arrivals import open_word
from guestlink.contacts import name_of
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Row
from guestlink.records import Arrival, Guest, Link, Period, Property, Secret, Stay, shaped, shaped_all
from guestlink.secret_values import load_secrets, open_secret
from guestlink.stays import open_page_key

KEPT_DAYS = 62


def stay_views(db: Reading, house: Property, *, at: datetime, only_stay: str = "") -> list[StayView]:
    """One view for each link of each stay whose pages can still be live at this instant. For one stay nothing
    is read of others.
    """
    if only_stay:
        return _views_of_stay(db, house, only_stay)
    since = (zones.local_date(at, house.zone) - timedelta(days=KEPT_DAYS)).isoformat()
    rows = db.all("stays_to_publish", property_id=house.id, ended_since=since)
    periods = _grouped(db.all("periods_to_publish", property_id=house.id, ended_since=since))
    joined = _grouped(db.all("links_to_publish", property_id=house.id, ended_since=since))
    told = db.all("arrivals_to_publish", property_id=house.id, ended_since=since)
    arrivals = {arrival.stay_id: arrival for arrival in shaped_all(told, Arrival)}
    shared, of_stay = _by_scope(load_secrets(db, house))
    return [
        view
        for stay in shaped_all(rows, Stay)
        for view in _views(
            joined.get(stay.id, []),
            house=house,
            stay=stay,
            periods=tuple(shaped_all(periods[stay.id], Period)),
            secrets=(*shared, *of_stay[stay.id]) if stay.id in of_stay else shared,
            arrival=arrivals.get(stay.id),
        )
    ]


def _views_of_stay(db: Reading, house: Property, stay_id: str) -> list[StayView]:
    stay = db.one("stay_by_id", id=stay_id)
    if stay is None:
        return []
    told = db.one("arrival_of_stay", stay_id=stay_id)
    secrets = db.all("secrets_of_stay_to_publish", property_id=house.id, stay_id=stay_id)
    shared, of_stay = _by_scope(shaped_all(secrets, Secret))
    return _views(
        db.all("links_of_stay_to_publish", stay_id=stay_id),
        house=house,
        stay=shaped(stay, Stay),
        periods=tuple(shaped_all(db.all("periods_of_stay", stay_id=stay_id), Period)),
        secrets=(*shared, *of_stay.get(stay_id, ())),
        arrival=shaped(told, Arrival) if told else None,
    )


def _views(joined: Iterable[Row], **of_stay: Any) -> list[StayView]:
    """One view for each link; `of_stay` is what they have in common."""
    return [
        StayView(
            link=shaped(row, Link),
            guest=Guest(id=row["contact_id"], name=row["name"], wrapped=row["wrapped"]),
            returning=bool(row["returning_guest"]),
            **of_stay,
        )
        for row in joined
    ]


def _by_scope(secrets: Iterable[Secret]) -> tuple[tuple[Secret, ...], Mapping[str, list[Secret]]]:
    """The secrets that any stay may see, and those of single stays."""
    shared, of_stay = [], defaultdict(list)
    for secret in secrets:
        if secret.stay_id is None:
            shared.append(secret)
        else:
            of_stay[secret.stay_id].append(secret)
    return tuple(shared), of_stay


def _grouped(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["stay_id"]].append(row)
    return found


class Opener:
    """Opens what one page needs, once for each link: the name, the guest's word, the values of its secrets,
    K, and what is made with K and the keys: guest link, signed query, page token.
    """

    def __init__(self, ring: KeyRing, *, public_url: str, key_id: str) -> None:
        self._ring = ring
        self._public_url = public_url
        self._key_id = key_id
        self._values: dict[tuple[str, int], str] = {}
        self._queries: dict[str, str] = {}
        self._last: tuple[str, Private] | None = None

    def query(self, page: Page) -> str:
        """The signed query of a link's pages: it names no language, so that one signature serves them all."""
        link = page.view.link
        if link.id not in self._queries:
            policy = links.policy_text(self._public_url, link.slug, page.policy_end)
            signer = self._ring.signer(self._key_id)
            self._queries[link.id] = links.signed_query(policy, key=signer, key_id=self._key_id)
        return self._queries[link.id]

    def is_signed(self, page: Page, query: str) -> None:
        """Takes over a query that was signed before."""
        self._queries[page.view.link.id] = query

    def privates(self, pages: Sequence[Page]) -> list[Private]:
        """What is opened for several pages, signed one after the other before the first is opened."""
        for page in pages:
            self.query(page)
        return [self.private(page) for page in pages]

    def private(self, page: Page) -> Private:
        link = page.view.link
        if self._last is None or self._last[0] != link.id:
            self._last = link.id, self._opened(page)
        shown = {window.secret_id for window in page.shown}
        values = {secret.id: self._value(secret) for secret in page.view.secrets if secret.id in shown}
        return msgspec.structs.replace(self._last[1], values=values)

    def _opened(self, page: Page) -> Private:
        link, guest, arrival = page.view.link, page.view.guest, page.view.arrival
        assert guest is not None
        key = open_page_key(self._ring, guest, link)
        return Private(
            name=name_of(self._ring, guest),
            word=open_word(self._ring, arrival) if arrival else "",
            values={},
            page_key=key,
            query=self.query(page),
            link=links.gate_link(self._public_url, link.slug, key),
            token=links.page_token(self._ring, link, page.policy_end),
        )

    def _value(self, secret: Secret) -> str:
        key = secret.id, secret.version
        if key not in self._values:
            self._values[key] = open_secret(self._ring, secret)
        return self._values[key]
