"""Several processes publish as one does, and what becomes of one of them is nobody else's trouble."""

import pickle
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bench.compiling import estate
from generator import pressroom, publishing
from generator.orders import Order, Outcome
from generator.press import Press, open_press
from generator.pressroom import WORTH, hands
from generator.publishing import publish
from guestlink import errors, secret_values
from guestlink.errors import Outage
from guestlink.records import properties
from guestlink.settings import Settings, load_settings, save_setting
from tests.house import AT, BY, command

SECONDS = 60
HOUSES = 3
AT_A_TERMINAL = ("env", "--default-signal=INT")  # what began in the background ignores Ctrl-C


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path: Path) -> Settings:
    """Three houses with a dozen guests, nothing published."""
    if request.param == "postgresql":
        save_setting(load_settings(tmp_path, {}), database_url=request.getfixturevalue("postgres_database"))
    return estate.build(tmp_path, stays=4 * HOUSES, houses=HOUSES, at=AT)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The processes that a publish in this one began."""
    processes = []

    class Noticed(subprocess.Popen):
        def __init__(self, *args, **options) -> None:
            super().__init__(*args, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noticed)
    yield processes
    assert all(process.returncode is not None for process in processes), "nobody works on"


def run(settings: Settings, *, processes: int = 1) -> list[Outcome]:
    press = open_press(settings)
    with closing(press.database):
        return publish(press, Order(), at=AT, processes=processes)


def shown(settings: Settings) -> dict[str, bytes]:
    """What lies on the target: path -> bytes."""
    root = settings.path(settings.site_url.removeprefix("file:"))
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }


def recorded(settings: Settings) -> list[dict[str, object]]:
    press = open_press(settings)
    with closing(press.database), press.database.read() as db:
        rows = db.all("all_live_pages", target=press.target.name)
    return [{name: row[name] for name in row if name != "target"} for row in rows]


def test_two_processes_leave_the_same_bytes_records_and_outcomes_as_one(settings: Settings, begun):
    alone = save_setting(settings, site_url="file:data/alone")
    outcomes = [msgspec.to_builtins(outcome) for outcome in run(alone)]
    assert not begun
    shared = save_setting(settings, site_url="file:data/shared")
    assert [msgspec.to_builtins(outcome) for outcome in run(shared, processes=2)] == outcomes
    assert len(begun) == 1
    assert shown(shared) == shown(alone)
    assert recorded(shared) == recorded(alone)
    run(shared, processes=2)
    assert len(begun) == 1, "for nothing to do nobody else is needed"


def change_codes(settings: Settings) -> None:
    press = open_press(settings)
    with closing(press.database), press.database.write() as tx:
        for house in properties(tx):
            told = {"name": "wifi-password", "value": f"new-{house.slug}", "at": AT, "by": BY}
            secret_values.set_secret(tx, press.ring, house, **told)


def wait_for_lock(settings: Settings, houses: list[str]) -> None:
    """Until somebody is about to publish each of these: the next thing they need is the database."""
    until = time.monotonic() + SECONDS
    while not all(settings.path(f"data/site/.lock-{house}").exists() for house in houses):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_process_that_is_killed_costs_one_house_its_publish_and_the_next_publish_mends_it(
    settings: Settings, begun, monkeypatch: pytest.MonkeyPatch
):
    here, killed = publishing.publish_property, []

    def kill_the_other(press: Press, house, *args, **options) -> Outcome:
        if not killed:
            killed.append(house.slug)
            with press.database.write():
                wait_for_lock(settings, ["house-001"])
                begun[0].kill()
                begun[0].wait()
        return here(press, house, *args, **options)

    monkeypatch.setattr(publishing, "publish_property", kill_the_other)
    outcomes = {outcome.slug: outcome for outcome in run(settings, processes=2)}
    error = outcomes.pop("house-001").error
    assert isinstance(error, Outage)
    assert "signal 9" in str(error)
    assert [outcome.error for outcome in outcomes.values()] == [None] * HOUSES
    assert outcomes["house-002"].pages > 0
    again = {outcome.slug: outcome for outcome in run(settings, processes=2)}
    assert not any(outcome.error for outcome in again.values())
    assert again["house-001"].uploaded > 0
    assert again["house-002"].uploaded == 0
    whole = save_setting(settings, site_url="file:data/whole")
    run(whole)
    assert shown(settings) == shown(whole)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_process_that_cannot_begin_leaves_all_houses_to_the_others(
    settings: Settings, begun, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pressroom, "BEGIN", "raise SystemExit(3)")
    outcomes = run(settings, processes=2)
    assert len(begun) == 1
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)
    assert [outcome.slug for outcome in outcomes if outcome.pages] == ["house-000", "house-001", "house-002"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_ctrl_c_ends_all_processes_with_one_word_and_the_next_publish_goes_on(settings: Settings):
    run(settings)
    change_codes(settings)
    for lock in settings.path("data/site").glob(".lock-*"):
        lock.unlink()
    press = open_press(settings)
    with closing(press.database), press.database.write():
        process = subprocess.Popen(
            [*AT_A_TERMINAL, *command(Path(settings.home)), "publish", "--processes", "2"],
            env={"GUESTLINK_HOME": settings.home},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_for_lock(settings, ["house-000", "house-001"])
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=SECONDS)  # until the other has closed it, too
    assert process.returncode == 130
    assert complaints.decode().split("\n") == ["Stopped.", ""]
    outcomes = run(settings, processes=2)
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)
    assert sum(outcome.uploaded for outcome in outcomes) > 0


@pytest.mark.parametrize(
    ("work", "asked", "expected"),
    [
        ([], 0, 1),
        ([WORTH * 9], 0, 1),
        ([WORTH, WORTH - 1], 0, 1),
        ([WORTH, WORTH], 0, 2),
        ([WORTH] * 9, 0, 3),
        ([WORTH] * 9, 1, 1),
        ([WORTH] * 9, 4, 4),
        ([1, 1], 2, 2),
        ([1], 2, 1),
    ],
)
def test_more_processes_are_begun_where_they_are_worth_it(
    work: list[int], asked: int, expected: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pressroom, "processors", lambda: 2)
    assert hands(work, asked=asked) == expected


@pytest.mark.parametrize(
    "error",
    [
        errors.GuestLinkError("What happened.", hint="How to mend it."),
        errors.ContentErrors([errors.ContentError("No title.", path="wifi.en.md", line=3)]),
        errors.SettingsError("Wrong.", setting="site_url", hint="Mend it."),
        errors.InvalidFields([("phone", "It is too short.")]),
        errors.Outage("The target does not answer.", retry_after=7),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_says_the_same_when_it_comes_from_another_process(error: errors.GuestLinkError):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - just made
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__.keys() == error.__dict__.keys()
    assert again.hint == error.hint
    assert [str(each) for each in getattr(again, "problems", [])] == [
        str(each) for each in getattr(error, "problems", [])
    ]
