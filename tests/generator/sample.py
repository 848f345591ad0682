"""A small house and its guests for tests of pages: values made by hand, no file, no database.

Ana arrives on Friday 20 November 2026 and leaves on Sunday. What must never be readable is in `PLANTED`.
"""

from datetime import UTC, date, datetime
from pathlib import Path

from generator.files.grammar import Reveal
from generator.files.host_content import HostContent
from generator.files.shapes import Picture, Place, Section, Service, Words
from generator.pages import Page, Site, StayView, compose
from generator.rendering import Private, Renderer, Theme
from guestlink.links import gate_link, policy_end, policy_text
from guestlink.links import text_of as url_safe
from guestlink.records import Link, Period, Property, Secret, Stay

THEME = Path(__file__).resolve().parents[2] / "theme"
SLUG = "Zq3vT0mX8kLr5nWc2YhPbg"
KEY = bytes(range(16, 32))
FRAGMENT = url_safe(KEY)
PUBLIC_URL = "https://stay.example.com"
SITE = Site(public_url=PUBLIC_URL, key_id="K2JCJMDEHXQW5F", build="theme", fingerprint="theme")

ARRIVAL, DEPARTURE = date(2026, 11, 20), date(2026, 11, 22)
MOMENTS = {
    "booked": datetime(2026, 11, 1, 9, tzinfo=UTC),
    "arriving": datetime(2026, 11, 20, 12, tzinfo=UTC),
    "in_house": datetime(2026, 11, 21, 9, tzinfo=UTC),
    "departing": datetime(2026, 11, 22, 8, tzinfo=UTC),
    "departed": datetime(2026, 11, 22, 14, tzinfo=UTC),
}
VALUES = {
    "address": "7 Planted Quay, Polwenna",
    "gate": "GATE71#",
    "door": "583106",
    "wifi": "planted-lobster-29",
    "box": "BOX942",
}
NAME = "Ana Plantedname"
GIVEN = "Ana"
WORD = "plantedlighthouse"
TOKEN = url_safe(bytes(range(64, 108)))  # as long as a real one
ROOM = "Planted Attic"
PLANTED = (
    *VALUES.values(),
    NAME,
    ROOM,
    "plantedunit",
    "Planted Feather",
    "PLANTEDREF",
    "plantedcode",
    FRAGMENT,
    WORD,
    TOKEN,
)


def house() -> Property:
    return Property(
        id="p1",
        slug="harbour-house",
        zone="Europe/London",
        currency="GBP",
        default_language="en",
        check_in="15:00",
        check_out="11:00",
        changes=0,
    )


def section(
    key: str, title: str, html: str, *, language: str = "en", order: int = 10, **more: object
) -> Section:
    fields: dict[str, object] = {
        "summary": "",
        "icon": "info",
        "lead": (),
        "units": (),
        "shown_from": None,
        "shown_until": None,
        "only_if": "",
        "picture": "",
        "picture_alt": "",
        "secrets": (),
        "text": "",
        "digest": key + language,
    }
    given = {"key": key, "language": language, "title": title, "html": html, "order": order}
    return Section(**{**fields, **given, **more})  # type: ignore[arg-type]


def content(**changes: object) -> HostContent:
    arrival = {
        "en": section(
            "arrival",
            "Arrival",
            "<p>Half-way along the quay, the tall white house with the blue door.</p>",
            order=10,
            icon="arrival",
            lead=("booked",),
            summary="The white house on the quay.",
            picture="house.svg",
            picture_alt="A white house with a blue door.",
        ),
        "de": section("arrival", "Anreise", "<p>Das weiße Haus am Kai.</p>", language="de", icon="arrival"),
    }
    door = section(
        "door",
        "The front door",
        '<p>Type <span data-secret="door-code"></span>, then the green key. The box takes '
        '<span data-secret="key-box"></span>.</p>',
        order=20,
        icon="door",
        lead=("arriving",),
        secrets=("door-code", "key-box"),
    )
    wifi = section(
        "wifi",
        "Wi-Fi",
        '<p>The password is <span data-secret="wifi-password"></span>.</p>',
        order=30,
        icon="wifi",
        lead=("in_house",),
        secrets=("wifi-password",),
    )
    attic = section(
        "attic",
        "Your room",
        "<p>The Planted Feather pillow is in the chest.</p>",
        order=25,
        icon="bed",
        units=("plantedunit",),
    )
    leaving = section(
        "leaving", "When you leave", "<ol><li>Close the window.</li></ol>", order=90, lead=("departing",)
    )
    goodbye = section(
        "goodbye", "Come again", "<p>Ask for the spring rate.</p>", order=95, lead=("departed",)
    )
    breakfast = Service(
        key="hamper",
        language="en",
        title="Breakfast hamper",
        html="<p>For early boats.</p>",
        text="",
        order=10,
        icon="breakfast",
        price=1250,
        per="person",
        hours=("mon-fri 06:00-09:00", "sat 07:00-24:00"),
        fields=(),
        approval="approve",
        urgent=False,
        changes="",
        keywords=(),
        digest="hamper",
    )
    bakery = Place(
        key="bakery",
        language="en",
        title="Fore Street Bakery",
        html="<p>The saffron buns are gone by ten.</p>",
        text="",
        order=10,
        kind="bakery",
        latitude=50.1526,
        longitude=-5.0663,
        walk=4,
        hours="Mon to Sat, 7 to 14",
        phone="+44 1632 960155",
        website="https://www.bakery.example/menu",
        digest="bakery",
    )
    words = Words(
        language="en",
        name="Harbour House",
        tagline="Twelve rooms above the old quay",
        area="Polwenna, Cornwall",
        greeting_html="<p>Put your bags down where they fall. Kerensa and Jory</p>",
        emergency=(("999", "Fire, ambulance, police"),),
        labels={},
    )
    fields: dict[str, object] = {
        "slug": "harbour-house",
        "languages": ("en", "de"),
        "accent": "#1f6f78",
        "picture": "house.svg",
        "phone": "+44 1632 960100",
        "wifi": "HarbourHouse",
        "reveal": {
            "exact-address": Reveal(rule="booking"),
            "gate-code": Reveal(rule="hours", hours=48),
            "door-code": Reveal(rule="hours", hours=48),
            "key-box": Reveal(rule="ready"),
            "wifi-password": Reveal(rule="hours", hours=48),
        },
        "words": {"en": words, "de": words},
        "sections": {
            "arrival": arrival,
            **{each.key: {"en": each} for each in (door, attic, wifi, leaving, goodbye)},
        },
        "services": {"hamper": {"en": breakfast}},
        "places": {"bakery": {"en": bakery}},
        "pictures": {
            "house.svg": Picture(
                name="house.svg",
                path="/nowhere/house.svg",
                digest="0" * 64,
                media_type="image/svg+xml",
                width=1600,
                height=900,
                asset="assets/p/0000000000000000.svg",
                files=(),
            )
        },
        "problems": (),
        "digest": "content",
    }
    return HostContent(**{**fields, **changes})  # type: ignore[arg-type]


def secret(name: str, secret_id: str, **more: object) -> Secret:
    fields: dict[str, object] = {
        "property_id": "p1",
        "unit_id": None,
        "stay_id": None,
        "value": b"sealed",
        "rule": "",
        "hours": 0,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "valid_until": None,
        "set_by": "host",
        "set_at": datetime(2026, 1, 1, tzinfo=UTC),
        "version": 1,
    }
    return Secret(**{**fields, "id": secret_id, "name": name, **more})  # type: ignore[arg-type]


SECRETS = (
    secret("exact-address", "address"),
    secret("gate-code", "gate"),
    secret("door-code", "door"),
    secret("wifi-password", "wifi"),
    secret("key-box", "box"),
)
ATTIC = Period(unit_id="u1", unit="plantedunit", title=ROOM, from_on=ARRIVAL, until_on=DEPARTURE)


def stay(**changes: object) -> Stay:
    fields: dict[str, object] = {
        "id": "s1",
        "property_id": "p1",
        "source": "csv",
        "source_uid": "1",
        "reference": "PLANTEDREF",
        "code": "plantedcode",
        "party_id": None,
        "status": "confirmed",
        "language": "en",
        "adults": 2,
        "children": 0,
        "pets": 0,
        "expected_arrival": "",
        "amount": None,
        "check_in": "",
        "check_out": "",
        "ready_at": None,
        "imported": "",
        "from_on": ARRIVAL,
        "until_on": DEPARTURE,
        "version": 1,
    }
    return Stay(**{**fields, **changes})  # type: ignore[arg-type]


def view(*, periods: tuple[Period, ...] = (ATTIC,), replaced: bool = False, **changes: object) -> StayView:
    """One link of Ana's stay; `changes` are fields of the stay."""
    link = Link(
        id="l1",
        stay_id="s1",
        contact_id="c1",
        slug=SLUG,
        generation=1,
        page_key=b"sealed",
        replaced_at=MOMENTS["booked"] if replaced else None,
    )
    return StayView(house=house(), stay=stay(**changes), periods=periods, link=link, secrets=SECRETS)


def query() -> str:
    """A signed query as long as a real one; its signature is that of nobody."""
    policy = policy_text(PUBLIC_URL, SLUG, policy_end(DEPARTURE))
    return (
        f"Policy={url_safe(policy.encode())}&Signature={url_safe(bytes(range(72)))}"
        f"&Key-Pair-Id={SITE.key_id}&Hash-Algorithm=SHA256"
    )


PRIVATE = Private(
    name=NAME,
    word=WORD,
    values=VALUES,
    page_key=KEY,
    query=query(),
    link=gate_link(PUBLIC_URL, SLUG, KEY),
    token=TOKEN,
)


def pages(
    phase: str, *, shown: StayView | None = None, host: HostContent | None = None, at: datetime | None = None
) -> dict[str, Page]:
    """The pages of one link by language, and its gate as `gate`."""
    wanted = compose(shown or view(), host or content(), SITE, at=at or MOMENTS[phase])
    return {page.language if page.kind == "welcome" else "gate": page for page in wanted}


def renderer(host: HostContent | None = None) -> Renderer:
    return Renderer(Theme(THEME), host or content(), house(), SITE)
