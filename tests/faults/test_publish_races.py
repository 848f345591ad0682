"""R10: publishers race, one of them stops for a while and goes on: the last version stays, nothing revoked
returns.

On moto, which honours If-Match; a lease lasts no time at all here, so that anybody may take over at any
moment.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3
import msgspec
import pytest

from generator import effects, ledger, publishing
from generator.orders import Order
from generator.press import Press, open_press
from generator.publishing import publish_property
from generator.verifying import verify
from guestlink import secret_values, stays
from guestlink.contacts import Person
from guestlink.database import Writing
from guestlink.errors import Stale
from guestlink.records import Period, Stay, find_stay, stay_links
from guestlink.settings import Settings
from guestlink.storage import Storage
from tests.house import AT, BY, TODAY, make_home, the_house

SEED = 20261126
FEW, MANY = 12, 500
WAIT, NEVER = 60, 99


class Suspended:
    """A storage whose program is stopped before its put or delete number `at`, until it is told to go on."""

    def __init__(self, inner: Storage, at: int) -> None:
        self._inner, self.at = inner, at
        self._count, self._lock = 0, threading.Lock()
        self.stopped, self.go_on = threading.Event(), threading.Event()
        self.conditional, self.chunk, self.at_once = inner.conditional, inner.chunk, inner.at_once

    def _step(self) -> None:
        with self._lock:
            self._count += 1
            is_late = self._count > self.at
        if is_late:
            self.stopped.set()
            assert self.go_on.wait(WAIT)

    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str:
        self._step()
        return self._inner.put(path, body, expected=expected)

    def delete(self, path: str) -> None:
        self._step()
        self._inner.delete(path)

    def get(self, path: str):
        return self._inner.get(path)

    def list(self, prefix: str = ""):
        return self._inner.list(prefix)

    def settle(self) -> None:
        self._inner.settle()


class Races:
    """One house whose records change all the time, and two who publish it."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.dice = random.Random(seed)
        self.first, self.second = open_press(settings), open_press(settings)
        self.house = the_house(self.first.database)
        self.at = AT
        self.guests: list[str] = []
        for _ in range(3):
            self._change(self._arrive)
        publish_property(self.first, self.house, Order(), at=self.at)

    def close(self) -> None:
        self.first.database.close()
        self.second.database.close()

    # -- what happens in the house -----------------------------------------------------------------
    def change(self) -> None:
        changes = (self._arrive, self._cancel, self._confirm, self._renew, self._renew, self._lock)
        self._change(self.dice.choice(changes))

    def arrive(self) -> None:
        self._change(self._arrive)

    def change_lock(self) -> None:
        self._change(self._lock)

    def _change(self, what: Callable[[Writing], None]) -> None:
        self.at += timedelta(seconds=1)
        with self.first.database.write() as tx:
            what(tx)

    def _arrive(self, tx: Writing) -> None:
        name = f"G{len(self.guests)}"
        self.guests.append(name)
        draft = stays.StayDraft(
            source="test",
            source_uid=name,
            reference=name,
            periods=(Period(unit_id=None, from_on=TODAY, until_on=TODAY + timedelta(days=2)),),
            guest=Person(name="Tomas"),
        )
        stays.add_stay(tx, self.first.ring, self.house, draft, at=self.at, by=BY)

    def _cancel(self, tx: Writing) -> None:
        self._set_status(tx, "cancelled")

    def _confirm(self, tx: Writing) -> None:
        self._set_status(tx, "confirmed")

    def cancel_last(self) -> None:
        self._change(lambda tx: self._set_status(tx, "cancelled", find_stay(tx, self.guests[-1])))

    def _set_status(self, tx: Writing, status: str, stay: Stay | None = None) -> None:
        stay = stay or self._somebody(tx)
        stays.change_stay(tx, self.first.ring, self.house, stay, at=self.at, by=BY, status=status)

    def _renew(self, tx: Writing) -> None:
        link = stay_links(tx, self._somebody(tx))[-1]
        stays.renew_link(tx, self.first.ring, self.house, link, at=self.at, by=BY)

    def _lock(self, tx: Writing) -> None:
        code = f"Zq{self.dice.randrange(10**8)}"
        ring, house = self.first.ring, self.house
        secret_values.set_secret(tx, ring, house, name="door-code", value=code, at=self.at, by=BY)

    def _somebody(self, tx: Writing) -> Stay:
        return find_stay(tx, self.dice.choice(self.guests[-3:]))

    # -- who publishes it --------------------------------------------------------------------------
    def race(self, times: int) -> None:
        for _ in range(times):
            self._race()

    def _race(self) -> None:
        """One publisher stops somewhere, or does not; the other publishes a later state meanwhile. Then one
        more run, as the rebuilder makes it.
        """
        self.change()
        self.overtake(self.dice.choice([*range(8), NEVER, NEVER]), meanwhile=self.change)
        self._publish(self.first)
        self.check_last_version()

    def overtake(self, at: int, *, meanwhile: Callable[[], None]) -> None:
        """One publisher stops before its put or delete number `at`, another one publishes, the first goes on.
        What the second left stays as it is, or is missing until the next run.
        """
        stale = Suspended(self.first.target.storage, at)
        slow = threading.Thread(target=self._publish, args=(self._with(stale),))
        slow.start()
        while slow.is_alive() and at != NEVER and not stale.stopped.wait(0.01):
            pass
        meanwhile()
        has_won, left = self._publish(self.second), self._tags()
        stale.go_on.set()
        slow.join(WAIT)
        assert not slow.is_alive()
        if has_won and stale.stopped.is_set():
            assert self._tags().items() <= left.items(), "what was replaced is back"

    def _with(self, storage: Suspended) -> Press:
        return replace(self.first, target=msgspec.structs.replace(self.first.target, storage=storage))

    def _publish(self, press: Press) -> bool:
        """False when another publisher took over."""
        with suppress(Stale):
            publish_property(press, self.house, Order(from_files=False), at=self.at)
            return True
        return False

    def _tags(self) -> dict[str, str]:
        return {item.path: item.etag for item in self.second.target.storage.list()}

    def check_last_version(self) -> None:
        """Every object is of the newest records, and there is none that they do not want."""
        wanted, steps, *_ = publishing._prepared(self.second, self.house, Order(from_files=False), self.at)
        found = verify(self.second)
        assert (found.missing, found.altered, found.foreign) == ((), (), ())
        assert steps.empty
        assert {item.path for item in wanted} <= self._tags().keys()


@pytest.fixture
def races(
    moto_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Races]]:
    monkeypatch.setattr(ledger, "LEASE", timedelta(0))
    opened: list[Races] = []

    def begin(seed: int = SEED, options: str = "") -> Races:
        bucket = f"site-{os.urandom(4).hex()}"
        boto3.client("s3", endpoint_url=moto_server).create_bucket(Bucket=bucket)
        url = f"s3://{bucket}/pages?region=us-east-1&endpoint={moto_server}{options}"
        opened.append(Races(make_home(tmp_path / bucket, site_url=url), seed))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_the_last_version_stays_when_publishers_race_and_stop(races):
    mine = races()
    mine.race(FEW)


def test_a_page_that_was_held_up_until_its_stay_was_cancelled_does_not_return(races):
    """Nothing lay there before, so no condition holds its put back."""
    mine = races()
    mine.arrive()
    mine.overtake(0, meanwhile=mine.cancel_last)
    mine.check_last_version()


def test_control_a_publisher_that_takes_nothing_back_is_caught(races, monkeypatch):
    monkeypatch.setattr(effects, "_take_back", lambda *_, **__: None)
    mine = races()
    mine.arrive()
    with pytest.raises(AssertionError, match="is back"):
        mine.overtake(0, meanwhile=mine.cancel_last)


@pytest.mark.faults
@pytest.mark.parametrize("house", range(10))
def test_the_last_version_stays_in_five_hundred_races(races, house):
    """Ten houses, since a bucket that is listed all the time had better be small."""
    races(SEED + 1 + house).race(MANY // 10)


def a_code_changes_twice(races: Races) -> None:
    """The page with the first code is held up until the page with the second one is there."""
    races.change_lock()
    races.overtake(0, meanwhile=races.change_lock)


def test_a_page_that_was_held_up_until_its_code_had_changed_does_not_return(races):
    mine = races()
    a_code_changes_twice(mine)
    mine.check_last_version()


def test_control_a_bucket_that_does_not_look_at_conditions_is_caught(races):
    mine = races(options="&conditional=no")
    with pytest.raises(AssertionError, match="is back"):
        a_code_changes_twice(mine)


def test_control_a_publisher_that_does_not_look_at_its_lease_is_caught(races, monkeypatch):
    monkeypatch.setattr(ledger.Lease, "renew", lambda self, tx: None)
    mine = races()
    with pytest.raises(AssertionError, match="is back"):
        a_code_changes_twice(mine)
