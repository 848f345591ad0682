"""Where a story plays: two houses, their staff, a mail server. Harbour House has the sample's files; Ferry
House has files in eight languages, with the moments and conditions that the sample leaves out.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

from edge_api import duty
from guestlink import houses, records, secret_values
from guestlink.contacts import Person
from guestlink.houses import HouseDraft
from guestlink.settings import save_setting
from tests.diary import House, read_letters
from tests.faults.almanac import ZONES
from tests.faults.story import Story
from tests.house import BY, ROOT, add_stay, opened, run_publish, write_files
from tests.postoffice import PostOffice
from tests.services import free_port
from tests.town import Town, town

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "ja", "ar")
STAFF = {
    "harbour-house": ("Mira Holm", "+44 7700 900201"),
    "ferry-house": ("Jory Tamblyn", "+44 7700 900202"),
}
ROOMS = tuple(f"room-{number}" for number in range(1, 13))
SECRETS = ("exact-address", "gate-code", "key-box", "wifi-password")
FERRY = {
    "property.md": f"""---
name: Ferry House
languages: {", ".join(LANGUAGES)}
area: Lower Landing
accent: #7a3b2e
phone: +1 555 0142
message_hours: 09:00-20:00
secrets: exact-address | on booking
    gate-code | 48 hours before arrival
    door-code | 48 hours before arrival
    key-box | when the room is ready
    wifi-password | 48 hours before arrival
updated: 2023-01-01
---
Welcome.
""",
    "sections/door.en.md": """---
title: The door
order: 1
icon: door
updated: 2023-01-01
---
[[exact-address]], [[gate-code]], [[door-code]], [[key-box]], [[wifi-password]].
""",
}
MESSAGES = {
    "booked": "send: on booking\nuseful_for: 14 days\nchannels: whatsapp, e-mail",
    "family": "send: 2 days before arrival, 18:00\nuseful_for: 1 day\nonly_if: children",
    "again": "send: 1 day before arrival, 12:00\nuseful_for: 12 hours\nonly_if: returning\nnot_for: vrbo",
    "codes": "send: when codes are shown\nuseful_for: 2 days\nonly_if: codes-not-seen",
    "ready": "send: when the room is ready\nuseful_for: 6 hours\nchannels: whatsapp, e-mail",
    "thanks": "send: 1 day after departure, 09:00\nuseful_for: 3 days\nchannels: e-mail, whatsapp",
    "late": "send: on late booking\nuseful_for: 24 hours\nat_any_hour: yes",
}


def harbour_house() -> House:
    letters = read_letters(ROOT / "content/harbour-house/journey")
    return House("harbour-house", ZONES["Europe/London"], "en", letters)


def ferry_house(content: Path) -> House:
    letters = read_letters(content / "ferry-house/journey")
    zone = ZONES["America/New_York"]
    return House("ferry-house", zone, "en", letters, opens=time(9), closes=time(20))


def _ferry_files() -> Iterator[tuple[str, str]]:
    yield from FERRY.items()
    for key, fields in MESSAGES.items():
        for tag in LANGUAGES:
            own = f"{fields}\n" if tag == "en" else ""
            words = f"{key} {tag} {{house}}"
            yield (
                f"journey/{key}.{tag}.md",
                f"---\nsubject: {words}\n{own}updated: 2023-01-01\n---\n{key} {tag} says: {{arrival}}.\n",
            )


# -- the stage ---------------------------------------------------------------------------------------
@contextmanager
def stage(
    home: Path,
    houses_there: Sequence[str],
    *,
    at: datetime,
    languages: Sequence[str] = LANGUAGES,
    by_command: bool = True,
) -> Iterator[Story]:
    """A running town at this time, in which nobody has booked yet; bookings come by command or by hand. On
    WhatsApp guests speak these languages.
    """
    with town(home, at=at) as place:
        post = PostOffice(home / "post", port=free_port())
        place.settings = save_setting(place.settings, mail_url=post.url, mail_from="stay@example.com")
        _build(place, houses_there)
        _make_languages_known(place, languages)
        run_publish(place.settings, at=place.now())
        with closing(Story(place, post, by_command=by_command)) as story, post:
            place.start("sandbox", "serve")
            place.phone.patch("/sandbox/settings", json={"review_after": 0}).raise_for_status()
            place.say("templates", "submit")
            place.start("work")
            place.has_templates()
            story.settle()
            yield story


def _build(place: Town, slugs: Sequence[str]) -> None:
    content = place.settings.content_folder
    shutil.copytree(ROOT / "content/harbour-house", content / "harbour-house")
    if "ferry-house" in slugs:
        write_files(place.settings, dict(_ferry_files()), slug="ferry-house")
    database, ring = opened(place.settings)
    drafts = {
        "harbour-house": HouseDraft(
            slug="harbour-house", zone="Europe/London", currency="GBP", default_language="en"
        ),
        "ferry-house": HouseDraft(
            slug="ferry-house", zone="America/New_York", currency="USD", default_language="en"
        ),
    }
    at = place.now()
    with closing(database), database.write() as tx:
        for slug in slugs:
            house = houses.add_property(tx, drafts[slug], at=at, by=BY)
            told = {"at": at, "by": BY}
            for room in ROOMS:
                unit = houses.add_unit(tx, house, slug=room, title=room.title(), **told)
                value = f"{slug[:2]}{room}81"
                secret_values.set_secret(tx, ring, house, name="door-code", value=value, unit=unit, **told)
            for name in SECRETS:
                value = f"{slug[:2]}{name[:4]}81"
                secret_values.set_secret(tx, ring, house, name=name, value=value, **told)
        for slug in slugs:
            name, phone = STAFF[slug]
            there = [records.find_property(tx, slug)]
            duty.add_staff(tx, ring, name=name, phone=phone, role="staff", houses=there, at=at, by=BY)


def _make_languages_known(place: Town, languages: Sequence[str]) -> None:
    """Message templates are submitted in the languages of guests: somebody of each was there long ago."""
    for number, tag in enumerate(languages):
        day = date(2023, 1, 1) + timedelta(days=number)
        fields = {"language": tag, "guest": Person(name=tag)}
        add_stay(
            place.settings, f"long-ago-{tag}", unit="room-1", arrives=day, leaves=day + timedelta(1), **fields
        )
