"""The records of a property or a stay as `pages.compose` takes them, read in one snapshot.

It opens no sealed value except for `private`, which is asked once for every link that is really rendered.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from generator.pages import Page, StayView
from generator.rendering import Private
from guestlink import links, zones
from guestlink.arrivals import open_word
from guestlink.contacts import load_contact, name_of
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Row
from guestlink.records import Arrival, Link, Period, Property, Secret, Stay, shaped_all
from guestlink.secret_values import load_secrets, open_secret
from guestlink.stays import open_page_key

KEPT_DAYS = 62


def stay_views(db: Reading, house: Property, *, at: datetime, only_stay: str = "") -> list[StayView]:
    """One view for each link of each stay whose pages can still be live at this instant."""
    since = (zones.local_date(at, house.zone) - timedelta(days=KEPT_DAYS)).isoformat()
    if only_stay:
        rows = [row for row in db.all("stays_named", name=only_stay) if row["id"] == only_stay]
        periods = {only_stay: db.all("periods_of_stay", stay_id=only_stay)}
        joined = {only_stay: db.all("links_of_stay", stay_id=only_stay)}
        told = [row for row in (db.one("arrival_of_stay", stay_id=only_stay),) if row]
    else:
        rows = db.all("stays_to_publish", property_id=house.id, ended_since=since)
        periods = _grouped(db.all("periods_to_publish", property_id=house.id, ended_since=since))
        joined = _grouped(db.all("links_to_publish", property_id=house.id, ended_since=since))
        told = db.all("arrivals_to_publish", property_id=house.id, ended_since=since)
    returning = {str(row["id"]) for row in db.all("returning_links", property_id=house.id, ended_since=since)}
    arrivals = {arrival.stay_id: arrival for arrival in shaped_all(told, Arrival)}
    shared, of_stay = _secrets(db, house)
    return [
        StayView(
            house=house,
            stay=stay,
            periods=tuple(shaped_all(periods[stay.id], Period)),
            link=link,
            secrets=(*shared, *of_stay.get(stay.id, ())),
            arrival=arrivals.get(stay.id),
            returning=link.id in returning,
        )
        for stay in shaped_all(rows, Stay)
        for link in shaped_all(joined.get(stay.id, []), Link)
    ]


def _secrets(db: Reading, house: Property) -> tuple[tuple[Secret, ...], Mapping[str, list[Secret]]]:
    """The secrets that any stay may see, and those of single stays."""
    shared, of_stay = [], defaultdict(list)
    for secret in load_secrets(db, house):
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

    def private(self, db: Reading, page: Page) -> Private:
        link = page.view.link
        if self._last is None or self._last[0] != link.id:
            self._last = link.id, self._opened(db, page)
        shown = {window.secret_id: window for window in page.shown}
        values = {s.id: self._value(s) for s in page.view.secrets if s.id in shown}
        return msgspec.structs.replace(self._last[1], values=values)

    def _opened(self, db: Reading, page: Page) -> Private:
        link = page.view.link
        contact = load_contact(db, link.contact_id)
        key, arrival = open_page_key(self._ring, contact, link), page.view.arrival
        return Private(
            name=name_of(self._ring, contact),
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
