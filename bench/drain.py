"""How fast a courier empties a full outbox: 10,000 messages to 500 guests, real pywa, the strict sandbox.

`make bench`, or `.venv/bin/python bench/drain.py --json`. First at Meta's limits (80 a second in and out, one
to the same person in 6 s after 45), then without limits on either side. The sandbox tells violations.
"""

import cProfile
import json
import os
import pstats
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from edge_api import correspondence, dispatch, outbox  # noqa: E402
from edge_api.dispatch import Office  # noqa: E402
from edge_api.messages import Sender, Text  # noqa: E402
from edge_api.whatsapp import Speaker  # noqa: E402
from guestlink import clock, crypto  # noqa: E402
from guestlink.crypto import KeyRing  # noqa: E402
from guestlink.database import Database, open_database  # noqa: E402
from guestlink.settings import Settings  # noqa: E402
from guestlink.wakeups import open_wakeups  # noqa: E402
from tests.services import free_port, running  # noqa: E402

NUMBER = "100000000000001"
MESSAGES, GUESTS = 10_000, 500
WARM_UP = 1.1  # seconds: what guests wrote counts in the first second
AIMS: dict[str, tuple[str, float, str]] = {  # field: at most or at least, how much, what it is
    "violations": ("<=", 0, "refusals for being too fast, by the sandbox's log"),
    "worst_second": ("<=", 80, "messages of the number in any one second"),
    "rate_at_limits": (">=", 70, "messages a second at the limits"),
    "rate_without": (">=", 150, "messages a second without limits, one process"),
    "lost_or_twice": ("<=", 0, "messages that the sandbox has not exactly once"),
}


def main(words: Sequence[str]) -> int:
    for name in [name for name in os.environ if name.startswith("GUESTLINK_")]:
        del os.environ[name]  # nobody's own settings
    many = next((int(word) for word in words if word.isdigit()), MESSAGES)
    with _sandbox() as place:
        limited = _drained(place, many, is_paced=True)
        free = _drained(place, many, is_paced=False, profile="--profile" in words)
    figures = {
        "violations": limited["violations"],
        "worst_second": limited["worst_second"],
        "rate_at_limits": limited["rate"],
        "rate_without": free["rate"],
        "lost_or_twice": limited["wrong"] + free["wrong"],
    }
    assert list(figures) == list(AIMS)
    if "--json" in words:
        print(json.dumps(figures))
    else:
        _table(figures)
    return 0


# -- one run ---------------------------------------------------------------------------------------
def _drained(place: httpx.Client, many: int, *, is_paced: bool, profile: bool = False) -> dict[str, float]:
    """Fills an outbox, empties it, asks the sandbox what it saw."""
    place.post("/sandbox/reset", json={}).raise_for_status()
    if not is_paced:
        place.patch("/sandbox/settings", json={"per_second": 0, "pair_every": 0.0, "pair_burst": 0})
    ring = KeyRing(crypto.new_keys(clock.now()))
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-") as folder:
        database = open_database("sqlite:///data/guestlink.db", home=Path(folder))
        _fill(place, database, ring, many)
        settings = Settings(
            home=folder,
            whatsapp_url=str(place.base_url).rstrip("/"),
            whatsapp_token="sandbox-token",  # noqa: S106 - of a sandbox
            whatsapp_number_id=NUMBER,
        )
        speaker = Speaker(settings)
        office = Office(
            database=database, ring=lambda: ring, speaker=speaker, public_url="", is_paced=is_paced
        )
        time.sleep(WARM_UP)
        took = _emptied(office, profile=profile)
        speaker.close()
        database.close()
    told = place.get("/sandbox/log", params={"entries": many * 6}).json()
    out = [entry for entry in told["entries"] if entry["way"] == "out"]
    seen = [entry["callback_data"] for entry in out]
    return {
        "rate": round(many / took, 1),
        "violations": told["violations_in_all"],
        "worst_second": _worst_second([entry["at"] for entry in out]),
        "wrong": many - len(set(seen)) + len(seen) - len(set(seen)),
    }


def _worst_second(moments: Sequence[float]) -> int:
    """The most in any sliding second; what guests wrote was over before."""
    first, worst = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


def _fill(place: httpx.Client, database: Database, ring: KeyRing, many: int) -> None:
    """Guests write, and each gets the same number of answers, one after the other."""
    senders = []
    for number in range(GUESTS):
        phone = f"447700900{number + 500}"  # fictitious; the lower ones are of the sandbox's own people
        name = f"guest-{number}"
        made = place.post("/sandbox/people", json={"name": name, "phone": phone}).json()
        place.post(f"/sandbox/people/{made['id']}/messages", json={"type": "text", "text": "Hello"})
        senders.append(Sender(wa_id=phone, name=name))
    at = clock.now()
    with database.write() as tx:
        talks = [correspondence.open_with(tx, ring, sender, number_id=NUMBER, at=at) for sender in senders]
        talks = [correspondence.mark(tx, talk, heard_at=at) for talk in talks]
        for number in range(many):
            said = Text(text=f"Your towels are on their way ({number}).")
            correspondence.say(tx, ring, talks[number % GUESTS], said, at=at, by="bench", why="bench")


def _emptied(office: Office, *, profile: bool) -> float:
    """Seconds until the last message was recorded as sent; the loop is the one of `couriers`."""
    stop, wakeups = threading.Event(), open_wakeups(office.database)
    watch = cProfile.Profile()

    def work() -> None:
        if profile:
            watch.runcall(dispatch.run, office, stop, wakeups)
        else:
            dispatch.run(office, stop, wakeups)

    began = time.monotonic()
    courier = threading.Thread(target=work)
    courier.start()
    while _waits(office.database):
        time.sleep(0.05)
    stop.set()
    courier.join()
    took = time.monotonic() - began
    wakeups.close()
    if profile:
        pstats.Stats(watch, stream=sys.stderr).sort_stats("tottime").print_stats(25)
    return took


def _waits(database: Database) -> bool:
    with database.read() as db:
        needs = outbox.needs(db, at=clock.now())
    return needs.waiting or needs.sending


# -- the sandbox -----------------------------------------------------------------------------------
@contextmanager
def _sandbox() -> Iterator[httpx.Client]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[Any] = [
        "env",
        f"PYTHONPATH={ROOT}",
        sys.executable,
        "-m",
        "edge_api.sandbox",
        "--port",
        port,
    ]
    with (
        tempfile.TemporaryDirectory(prefix="guestlink-bench-") as folder,
        running(command, Path(folder), answers=lambda: _answers(url)),
        httpx.Client(base_url=url) as place,
    ):
        yield place


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/sandbox/clock").is_success
    except httpx.HTTPError:
        return False


def _table(figures: dict[str, float]) -> None:
    print(f"{MESSAGES:,} messages to {GUESTS} guests\n")
    print(f"{'field':<16}{'measured':>10}{'aim':>9}  what it is")
    for name, (sign, aim, what) in AIMS.items():
        good = figures[name] <= aim if sign == "<=" else figures[name] >= aim
        wanted = f"{sign} {aim:g}"
        print(f"{name:<16}{figures[name]:>10,g}{wanted:>9}  {what}{'' if good else '  (missed)'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
