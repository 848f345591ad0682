"""A crowd of plausible guests and their stays around today, from a seed: equal seeds give equal crowds.

Names are put together from invented parts; addresses end with example.com, phones are kept for fiction.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from math import ceil
from random import Random
from typing import TypeVar

import msgspec

from guestlink.contacts import Person
from guestlink.records import Status

STAYS_A_ROOM = 150  # more stays than that need more rooms
MOST_ROOMS = 500
PAST_SHARE = 0.55
DAYS_A_STAY = 4.4  # with the empty nights after it
NIGHTS = ((1, 15), (2, 26), (3, 22), (4, 13), (5, 8), (7, 12), (10, 2), (14, 2))
EMPTY_NIGHTS = ((0, 60), (1, 20), (2, 11), (3, 6), (5, 3))
SOURCES = (("direct", 45), ("booking-com", 30), ("airbnb", 20), ("vrbo", 5))
PARTIES = ((1, 18), (2, 62), (3, 11), (4, 9))
EXPECTED = ("", "", "", "15:30", "16:45", "18:00", "19:30", "22:15")
REACHABLE_DAYS = 45  # whose stay is further away from today has no phone on file
BOOKED_TOGETHER = 0.5
FAMILIAR = 0.06  # of the stays are of somebody who was here before
NAMES = {
    "en": ("Oliver Hannah Amelia Noah Grace Samuel Edith Poppy Arthur Nell Rowan Isla",
           "Salt Lantern Drift Tide Rook Marl Fern Birch", "well marsh field wood haven stone gate by"),
    "de": ("Lena Jonas Friederike Emil Karla Anton Mathilda Ida Valentin Regula",
           "Möwen Leucht Tannen Lärchen Sonnen Nebel Silber Linden", "feld bach hof wald hang berg au stein"),
    "fr": ("Camille Hugo Inès Lucien Solène Gaspard Mathilde Éloïse Baptiste Margot",
           "Clair Vert Haut Beau Grand Mont Aube Sable", "fontaine vallon source rivage port champ bois pré"),
    "es": ("Lucía Mateo Carmen Íñigo Marisol Rodrigo María Tomás Elvira Bruno",
           "Mar Puerto Valle Faro Campo Huerta Sol", "azul bravo alto claro luna verde sereno"),
    "it": ("Giulia Marco Elena Pietro Chiara Dario Ginevra Tullio Fiamma Elia",
           "Porto Onda Valle Monte Riva Terra Prato", "vento chiara fiore alba sole mare alto"),
    "pt": ("Beatriz Tomás Rui Inês Duarte Leonor Vasco Marta Simão Clara",
           "Onda Barca Vale Serra Maré Porto Areia", "clara mansa verde alta serena branca"),
    "ar": ("يوسف ليلى سامي زينب عمر سلمى حمزة نادية كريم هدى",
           "بحر_ نسيم_ قمر_ ظل_ بستان_ غيمة_", "الضوء الموج السطوح النخيل الزيتون الصيف"),
    "ja": ("あかり はるか みのる ゆう さくら けんた なお", "灯 潮 霧 凪 汐 朝", "野 崎 浜 沢 原 見"),
}  # fmt: skip


T = TypeVar("T")


class Drafted(msgspec.Struct, frozen=True, kw_only=True):
    """One stay of the crowd: its room by number from 0, its days from today."""

    reference: str
    room: int
    arrives: int
    leaves: int
    guest: Person
    language: str
    source: str
    adults: int
    children: int
    pets: int
    expected: str
    status: Status
    party: str = ""


def rooms_needed(stays: int, *, least: int) -> int:
    return max(least, min(MOST_ROOMS, ceil(stays / STAYS_A_ROOM)))


def fictitious_phones(seed: str) -> list[str]:
    """Numbers that are nobody's, in the order of the seed; those of the houses to try are not among them."""
    phones = [f"+4{kind}{last}" for kind in ("47700900", "41632960") for last in range(500, 1000)]
    Random(seed).shuffle(phones)  # noqa: S311 - nothing here is secret, and it has to repeat
    return phones


def crowd(
    seed: str, *, rooms: int, stays: int, languages: Sequence[str], prefix: str, phones: list[str]
) -> list[Drafted]:
    """So many stays by arrival, no two in one room on one night; takes from `phones` what it uses.

    `languages` are those of the house: three guests of four speak one of them.
    """
    chance = Random(seed)  # noqa: S311 - nothing here is secret, and it has to repeat
    spans = sorted(_spans(chance, rooms, stays))
    known: list[tuple[str, Person]] = []
    drafted = []
    for number, (arrives, leaves, room) in enumerate(spans, 1):
        source = _drawn(chance, SOURCES)
        familiar = bool(known) and chance.random() < FAMILIAR
        language, guest = (
            chance.choice(known) if familiar else _guest(chance, languages, source, number, prefix=prefix)
        )
        if not guest.phone and abs(arrives) <= REACHABLE_DAYS and phones and not familiar:
            guest = msgspec.structs.replace(guest, phone=phones.pop())
        if guest.email:
            known.append((language, guest))
        drafted.append(
            Drafted(
                reference=_reference(source, prefix, number),
                room=room,
                arrives=arrives,
                leaves=leaves,
                guest=guest,
                language=language,
                source=source,
                adults=_drawn(chance, PARTIES),
                children=chance.choice((0, 0, 0, 0, 1, 2)),
                pets=int(chance.random() < 0.07),
                expected=chance.choice(EXPECTED),
                status=_status(chance, arrives),
            )
        )
    return list(_in_parties(chance, drafted))


def _in_parties(chance: Random, drafted: Sequence[Drafted]) -> Iterator[Drafted]:
    """Some of those who come and go on the same days have booked together, in two rooms."""
    before: dict[tuple[int, int], Drafted] = {}
    partners: dict[str, str] = {}
    for each in drafted:
        days = each.arrives, each.leaves
        other = before.pop(days, None)
        if other and each.source == other.source == "direct" and chance.random() < BOOKED_TOGETHER:
            partners |= {other.reference: other.reference, each.reference: other.reference}
        else:
            before[days] = each
    for each in drafted:
        party = partners.get(each.reference, "")
        yield msgspec.structs.replace(each, party=f"{party}-P" if party else "")


def _spans(chance: Random, rooms: int, stays: int) -> Iterator[tuple[int, int, int]]:
    """Room by room, one stay after the other, from the past into the future."""
    for room in range(rooms):
        count = stays // rooms + (room < stays % rooms)
        day = chance.randrange(-2, 2) - round(count * DAYS_A_STAY * PAST_SHARE)
        for _ in range(count):
            leaves = day + _drawn(chance, NIGHTS)
            yield day, leaves, room
            day = leaves + _drawn(chance, EMPTY_NIGHTS)


def _drawn(chance: Random, weighted: Sequence[tuple[T, int]]) -> T:
    return chance.choices([each for each, _ in weighted], [weight for _, weight in weighted])[0]


def _status(chance: Random, arrives: int) -> Status:
    luck = chance.random()
    if luck < 0.05:
        return "cancelled"
    if luck < 0.06:
        return "no_show" if arrives < 0 else "proposed_cancelled"
    return "confirmed"


def _guest(
    chance: Random, languages: Sequence[str], source: str, number: int, *, prefix: str
) -> tuple[str, Person]:
    spoken = list(languages) if chance.random() < 0.75 else list(NAMES)
    language = chance.choice([each for each in spoken if each in NAMES] or list(NAMES))
    given, first, second = (chance.choice(part.split()) for part in NAMES[language])
    family = (first + second).replace("_", " ")
    name = f"{family} {given}" if language == "ja" else f"{given} {family}"
    if source in {"airbnb", "vrbo"}:
        return language, Person(name=name)
    letters = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode().lower()
    local = letters.replace(" ", "") if letters.strip(". ") else "guest"
    return language, Person(name=name, email=f"{local}.{prefix}{number}@example.com")


def _reference(source: str, prefix: str, number: int) -> str:
    shapes = {"airbnb": "HM{}X{:05}", "booking-com": "{}-{:07}", "vrbo": "VB-{}-{:05}"}
    return shapes.get(source, "{}-{:05}").format(prefix, number).upper()
