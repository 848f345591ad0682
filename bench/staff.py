"""From a webhook to the phone of somebody on duty: 50 guests a second ask for towels, in forty houses.

`make bench`, or `.venv/bin/python bench/staff.py --json`. Whole processes: `serve`, `couriers`, the sandbox
as Meta. Four numbers share the messages, since one may send and receive 80 a second and each wish is three.
Both instants are the sandbox's: when it begins to post the guest's message, when it has the one to staff.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from edge_api import duty  # noqa: E402
from guestlink import clock, houses, records, stays  # noqa: E402
from guestlink.contacts import OptIn, Person  # noqa: E402
from guestlink.houses import HouseDraft  # noqa: E402
from guestlink.records import Period  # noqa: E402
from tests.house import opened  # noqa: E402
from tests.lobby import furnish_texts  # noqa: E402
from tests.town import Town, text_of, town, until  # noqa: E402

HOUSES, GUESTS, NUMBERS = 40, 400, 4
PER_SECOND, SECONDS = 50, 20
FIELDS = {
    "to_staff_p50_ms": (60, "milliseconds from a webhook to the message to staff, half of them"),
    "to_staff_p99_ms": (250, "the same, 99 of 100"),
    "to_staff_lost": (0, "wishes of which nobody on duty heard"),
}


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--rate", type=int, default=PER_SECOND)
    args = parser.parse_args(words)
    for name in [name for name in os.environ if name.startswith("GUESTLINK_")]:
        del os.environ[name]  # nobody's own settings
    figures = measured(rate=args.rate, seconds=args.seconds)
    if args.json:
        print(json.dumps(figures))
        return 0
    print(f"{'field':<18}{'measured':>10}{'aim':>10}  what it is")
    for name, (aim, what) in FIELDS.items():
        missed = "" if figures[name] <= aim else "  (missed)"
        print(f"{name:<18}{figures[name]:>10,g}{f'<= {aim:,g}':>10}  {what}{missed}")
    return 0


def measured(*, rate: int = PER_SECOND, seconds: int = SECONDS) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-") as folder, town(Path(folder, "home")) as here:
        numbers = [here.settings.whatsapp_number_id]
        here.start("sandbox")
        for _ in range(NUMBERS - 1):
            made = here.phone.post(
                "/sandbox/numbers", json={"display": f"+44 20 7946 010{len(numbers)}"}
            ).json()
            numbers.append(str(made["id"]))
        here.phone.patch("/sandbox/settings", json={"batch": 100, "gather": 0.01})
        guests = _furnished(here, numbers)
        here.start("serve")
        here.say("templates", "submit")
        here.start("couriers")
        here.has_templates()
        _come_on_duty(here, guests)
        _ask(here, guests, rate=rate, seconds=1, mark="warm")
        sent = _ask(here, guests, rate=rate, seconds=seconds, mark="wish")
        return _figures(here, sent, guests)


def _furnished(here: Town, numbers: list[str]) -> list[tuple[str, str, int]]:
    """Houses with one person on duty and ten guests each; the guests as sandbox person, number, house."""
    database, ring = opened(here.settings)
    at, today = clock.now(), clock.now().date()
    with database.write() as tx:  # before anybody is on the staff, who would be a host of them
        for house_number in range(HOUSES):
            slug = f"house-{house_number}"
            draft = HouseDraft(slug=slug, zone="Europe/London", currency="GBP", default_language="en")
            house = houses.add_property(tx, draft, at=at, by="bench")
            houses.set_number(tx, house, numbers[house_number % NUMBERS], at=at, by="bench")
            furnish_texts(tx, house, is_plain=True)
    guests = []
    for house_number in range(HOUSES):
        number = numbers[house_number % NUMBERS]
        with database.write() as tx:
            house = records.find_property(tx, f"house-{house_number}")
            duty.add_staff(
                tx,
                ring,
                name=f"Staff {house_number}",
                phone=f"+4477009{90000 + house_number}",
                role="staff",
                houses=[house],
                at=at,
                by="bench",
            )
            for guest_number in range(house_number, GUESTS, HOUSES):
                draft_of_stay = stays.StayDraft(
                    source="bench",
                    source_uid=f"guest-{guest_number}",
                    periods=(
                        Period(
                            unit_id=None,
                            from_on=today - timedelta(days=1),
                            until_on=today + timedelta(days=2),
                        ),
                    ),
                    guest=Person(name=f"Guest {guest_number}", phone=f"+4477008{10000 + guest_number}"),
                    opt_in=OptIn(at=at, how="bench"),
                )
                stays.add_stay(tx, ring, house, draft_of_stay, at=at, by="bench")
                guests.append((f"guest-{guest_number}", number, house_number))
        _person(here, f"Staff {house_number}", f"+4477009{90000 + house_number}", "staff")
    for guest_number in range(GUESTS):
        _person(here, f"Guest {guest_number}", f"+4477008{10000 + guest_number}", "guest")
    with database.read() as db:
        assert len(records.properties(db)) == HOUSES + 1
    database.close()
    return sorted(guests, key=lambda guest: int(guest[0].rpartition("-")[2]))


def _person(here: Town, name: str, phone: str, role: str) -> None:
    answer = here.phone.post("/sandbox/people", json={"name": name, "phone": phone, "role": role})
    assert answer.is_success, answer.text


def _come_on_duty(here: Town, guests: list[tuple[str, str, int]]) -> None:
    """Everybody writes once, which opens their window: wishes are then said in full."""
    for house, line in {house: line for _, line, house in guests}.items():
        said = {"type": "text", "text": "Good evening"}
        answer = here.phone.post(
            f"/sandbox/people/staff-{house}/messages", params={"number": line}, json=said
        )
        assert answer.is_success, answer.text
        until(lambda house=house, line=line: len(_chat(here, house, line)) > 1, "staff are on duty")


def _chat(here: Town, house: int, line: str) -> list[dict[str, Any]]:
    answer = here.phone.get(f"/sandbox/people/staff-{house}/chat", params={"number": line})
    return list(answer.json()["bubbles"])


def _ask(
    here: Town, guests: list[tuple[str, str, int]], *, rate: int, seconds: int, mark: str
) -> dict[str, int]:
    """Wishes at an even pace, whatever becomes of them: their marks, with the house that has to hear."""
    sent = {}
    began = time.perf_counter()
    for number in range(rate * seconds):
        due = began + number / rate
        if (ahead := due - time.perf_counter()) > 0:
            time.sleep(ahead)
        guest, line, house = guests[number % len(guests)]
        word = f"{mark}-{number:05}"
        answer = here.phone.post(
            f"/sandbox/people/{guest}/messages",
            params={"number": line},
            json={"type": "text", "text": f"towels please, {word}"},
        )
        assert answer.is_success, answer.text
        sent[word] = house
    return sent


def _figures(here: Town, sent: dict[str, int], guests: list[tuple[str, str, int]]) -> dict[str, float]:
    lines = {house: line for _, line, house in guests}
    heard: dict[str, float] = {}

    def look() -> bool:
        for house in set(sent.values()):
            for bubble in _chat(here, house, lines[house]):
                for word in sent:
                    if word in text_of(bubble) and not bubble["mine"]:
                        heard.setdefault(word, float(bubble["at"]))
        return len(heard) == len(sent)

    until(look, "everybody on duty has heard", within=30)
    posted = {}
    for delivery in here.phone.get("/sandbox/deliveries").json()["deliveries"]:
        body = json.dumps(delivery.get("body", {}))
        for word in sent:
            if word in body and delivery["tries"]:
                posted.setdefault(word, float(delivery["tries"][0]["at"]))
    took = [(heard[word] - posted[word]) * 1000 for word in sent if word in heard and word in posted]
    cuts = statistics.quantiles(took, n=100)
    return {
        "to_staff_p50_ms": round(cuts[49], 1),
        "to_staff_p99_ms": round(cuts[98], 1),
        "to_staff_lost": len(sent) - len(took),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
