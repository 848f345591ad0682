"""The sample's files with guests of their own in every phase, published and served: for tests in a browser.

    def test_ana_sees_her_codes(lodging, visit):        # fixtures of tests/browser/conftest.py
        page = visit(lodging.link("ana"))               # a fresh phone; waits until the page is open
        expect(page.locator("#Codes")).to_contain_text(DOOR)

`lodging` is one house for each module, yours to change; `still_lodging` is one for the whole run, to be read
only. PEOPLE have names; `lodging.link("arriving", "ar")` is anybody's in that phase and language.

    lodging.run("keys", "add")          a command of publish.py; fails the test unless its exit code is 0
    lodging.publish()                   publish.py publish
    lodging.publish(at=…)               publishes as if it were that instant, in this process
    lodging.write({"sections/door.en.md": "---\\n…"})       a host edits; publish afterwards
    lodging.add("kai", "arriving", language="ja", source="airbnb")        one more stay, not yet published
    lodging.stop(); lodging.start()     the server, by its process id; its port stays
    with lodging.working(): …           `publish.py work` runs as long as the block
    lodging.settings, lodging.today     for tests.house.opened(lodging.settings) and date arithmetic

`visit(link, width=390, height=844, scheme="light", script=True, **context)` gives a Page, `visit.phone(…)`
only its context; `visit.forgive(text)` before something that may complain. Whatever else reaches the console
as an error, and every `securitypolicyviolation`, fails the test at its end.

It is noon in the house whenever the tests run: its zone is the one where it is.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from urllib.request import urlopen

import msgspec

from guestlink import clock, crypto, houses, secret_values, stays, zones
from guestlink.contacts import Person
from guestlink.houses import HouseDraft
from guestlink.records import Period, Property, Stay, find_property, find_stay, stay_links
from guestlink.settings import Settings, load_settings, save_setting
from tests.house import command, link_of, opened, put_compiled, run_publish, write_files
from tests.services import free_port, running

ROOT = Path(__file__).parents[2]
SLUG = "harbour-house"
BY = "test"
SECONDS = 60
DOOR, WIFI, GATE, BOX, ADDRESS = (
    "583106",
    "planted-lobster-29",
    "GATE71",
    "BOX942",
    "7 Planted Quay, Polwenna",
)
SECRETS = {
    "door-code": DOOR,
    "wifi-password": WIFI,
    "gate-code": GATE,
    "key-box": BOX,
    "exact-address": ADDRESS,
}
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ar", "ja")
PHASES: Mapping[str, tuple[int, int]] = {  # arrival and departure in days from today
    "booked": (9, 12),
    "arriving": (0, 3),
    "in_house": (-2, 2),
    "departing": (-3, 0),
    "departed": (-6, -3),
}
NAMES = {
    "en": "Ana Plantedname",
    "de": "Jürgen Plantedname",
    "fr": "Zoé Plantedname",
    "es": "Íñigo Plantedname",
    "it": "Elia Plantedname",
    "pt": "João Plantedname",
    "ar": "ليلى المزروعة",
    "ja": "植野 あかり",
}


class Somebody(msgspec.Struct, frozen=True):
    """Whose link a story opens, by name."""

    phase: str
    language: str = "en"
    name: str = ""
    source: str = "direct"


PEOPLE = {
    "ana": Somebody("arriving", name="Ana Plantedname"),
    "jonas": Somebody("in_house", "de", "Jonas Plantedname"),
    "grace": Somebody("in_house", name="Grace Plantedname"),
    "layla": Somebody("booked", "ar", "ليلى المزروعة"),
    "noah": Somebody("departing", name="Noah Plantedname"),
    "edith": Somebody("departed", name="Edith Plantedname"),
    "hannah": Somebody("arriving", name="Hannah Plantedname", source="airbnb"),
    "renewed": Somebody("arriving", name="Rosa Plantedname"),
    "cancelled": Somebody("booked", name="Carl Plantedname"),
}


class Lodging:
    """One deployment in a folder, with its server."""

    def __init__(self, home: Path, *, secrets: Mapping[str, str] = SECRETS) -> None:
        self.home = home
        self._secrets = secrets
        self.settings = _new_deployment(home)
        self.at = clock.now()
        self._rooms = 0
        self._server = ExitStack()
        self.house = self._move_in()
        self.today = zones.local_date(self.at, self.house.zone)

    # -- guests ------------------------------------------------------------------------------------
    def link(self, who: str, language: str = "en") -> str:
        """The newest guest link of a person, or of whoever is in that phase in that language."""
        return link_of(self.settings, who if who not in PHASES else f"{who}-{language}")

    def path(self, who: str, language: str = "en") -> str:
        """The gate of that link, without the key: `/w/…`."""
        return self.link(who, language).removeprefix(self.settings.public_url).partition("#")[0]

    def replaced_path(self) -> str:
        """The gate of a link that was renewed; its stay is `renewed`."""
        database, _ = opened(self.settings)
        with database.read() as db:
            slug = stay_links(db, find_stay(db, "renewed"))[0].slug
        database.close()
        return f"/w/{slug}"

    def add(self, reference: str, phase: str, *, language: str = "en", **more: object) -> Stay:
        """One more stay in a room of its own, not yet published; `more` are fields of the draft."""
        database, ring = opened(self.settings)
        with database.write() as tx:
            house = find_property(tx, SLUG)
            stay = self._add(tx, ring, house, reference, phase, language=language, **more)
        database.close()
        return stay

    # -- what a host does --------------------------------------------------------------------------
    def run(self, *words: str) -> str:
        """What a command of publish.py says; the test fails when the command does."""
        done = subprocess.run(
            [*command(self.home), *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"publish.py {' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def publish(self, at: datetime | None = None) -> None:
        """Publishes by the command, or in this process as if it were another time."""
        if at is None:
            self.run("publish")
        else:
            run_publish(load_settings(self.home), at=at)

    def write(self, files: dict[str, str]) -> None:
        write_files(self.settings, files, slug=SLUG)

    # -- processes ---------------------------------------------------------------------------------
    def start(self) -> None:
        port = self.settings.public_url.rpartition(":")[2]
        serve = ["env", f"GUESTLINK_HOME={self.home}", *command(self.home), "serve", "--port", port]
        self._server.enter_context(running(list(serve), self.home, answers=self._answers))

    def stop(self) -> None:
        """Ends the server; nothing answers until `start`."""
        self._server.close()

    @contextmanager
    def working(self) -> Iterator["subprocess.Popen[str]"]:
        """`publish.py work` beside the server."""
        worker = subprocess.Popen(
            [*command(self.home), "work"], env=self._environment(), stdout=subprocess.PIPE, text=True
        )
        try:
            assert worker.stdout
            assert worker.stdout.readline(), "it says what it does"
            yield worker
        finally:
            worker.terminate()
            worker.communicate(timeout=SECONDS)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "GUESTLINK_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.settings.public_url}/api/health/live", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    # -- the first day -----------------------------------------------------------------------------
    def _move_in(self) -> Property:
        database, ring = opened(self.settings)
        with database.write() as tx:
            draft = HouseDraft(
                slug=SLUG, zone=noon_zone(self.at), currency="GBP", default_language="en", check_out="20:00"
            )
            house = houses.add_property(tx, draft, at=self.at, by=BY)
            self.today = zones.local_date(self.at, house.zone)
            long_ago = self.at - timedelta(days=30)
            for name, value in self._secrets.items():
                secret_values.set_secret(tx, ring, house, name=name, value=value, at=long_ago, by=BY)
            for phase in PHASES:
                for language in LANGUAGES:
                    self._add(tx, ring, house, f"{phase}-{language}", phase, language=language)
            for reference, who in PEOPLE.items():
                guest = {"guest": Person(name=who.name), "source": who.source}
                stay = self._add(tx, ring, house, reference, who.phase, language=who.language, **guest)
                self._live_through(tx, ring, house, stay)
        database.close()
        return house

    def _live_through(self, tx, ring, house: Property, stay: Stay) -> None:
        if stay.reference == "renewed":
            stays.renew_link(tx, ring, house, stay_links(tx, stay)[0], at=self.at, by=BY)
        if stay.reference == "cancelled":
            stays.change_stay(tx, ring, house, stay, at=self.at, by=BY, why="cancelled", status="cancelled")

    def _add(self, tx, ring, house: Property, reference: str, phase: str, **more) -> Stay:
        self._rooms += 1
        slug = f"room-{self._rooms}"
        room = houses.add_unit(tx, house, slug=slug, title=f"Room {self._rooms}", at=self.at, by=BY)
        arrives, leaves = (self.today + timedelta(days=days) for days in PHASES[phase])
        draft = stays.StayDraft(
            **{
                "source": "direct",
                "source_uid": reference,
                "reference": reference,
                "periods": (Period(unit_id=room.id, unit=slug, from_on=arrives, until_on=leaves),),
                "guest": Person(name=NAMES[more["language"]]),
                **more,
            }
        )
        stay = stays.add_stay(tx, ring, house, draft, at=self.at - timedelta(days=9), by=BY, bulk=True)
        if phase != "booked":
            ready = {"ready_at": self.at - timedelta(hours=1), "why": "room ready", "bulk": True}
            stay = stays.change_stay(tx, ring, house, stay, at=self.at, by=BY, **ready)
        return stay


def noon_zone(at: datetime) -> str:
    """The zone in which it is between twelve and one now, so that a phase does not hang on the hour."""
    return f"Etc/GMT{at.astimezone(UTC).hour - 12:+d}"


def day(on: date, hour: int, zone: str) -> datetime:
    """An instant of the house's day, for `publish(at=…)`."""
    return zones.local_instant(on, time(hour), zone)


def _new_deployment(home: Path) -> Settings:
    """Settings, keys and the sample's files, copied; no records yet."""
    settings = load_settings(home, {})
    keys = crypto.new_keys(clock.now())
    crypto.write_keys(settings.keys_file, keys)
    shutil.copytree(ROOT / "content" / SLUG, settings.content_folder / SLUG)
    put_compiled(settings)
    return save_setting(
        settings,
        signing_key_id=keys.signing_keys[0].id,
        public_url=f"http://localhost:{free_port()}",
    )
