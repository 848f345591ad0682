"""Whole processes: `work` and `watch` as a host starts them, `status` and `publish --json` as machines read
them.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from guestlink import clock
from guestlink.settings import save_setting
from tests.guest import open_page
from tests.house import add_stay, command, from_folder, link_of, make_home, run_publish, write_files
from tests.stories.test_first_link import free_port

SECONDS = 30


@pytest.fixture
def settings(tmp_path):
    """Published today, with a guest who is in the house."""
    settings = make_home(tmp_path)
    today = clock.now().date()
    add_stay(
        settings, "ANA", unit="room-1", arrives=today - timedelta(days=2), leaves=today + timedelta(days=2)
    )
    run_publish(settings, at=clock.now())
    return settings


def environment(settings) -> dict[str, str]:
    return {**os.environ, "GUESTLINK_HOME": settings.home}


@pytest.fixture
def started(settings) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*command(settings.home), *words],
            env={**environment(settings), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        assert process.stdout
        assert process.stdout.readline(), "it says what it does"
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=SECONDS)


def say(settings, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(settings.home), *words],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_a_running_worker_publishes_a_new_stay_and_stops_when_it_is_told(settings, started):
    worker = started("work")
    today = clock.now().date()
    add_stay(settings, "NEW", unit="room-2", arrives=today, leaves=today + timedelta(days=1))
    gate = settings.path("data/site/w") / link_of(settings, "NEW").split("/")[-1].partition("#")[0]
    assert within(SECONDS, gate.exists)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=SECONDS) == 0


def test_watch_publishes_an_edit_as_it_is_saved(settings, started):
    watcher = started("watch")
    link = link_of(settings, "ANA")

    def saved_and_seen() -> bool:
        write_files(
            settings, {"sections/breakfast.en.md": "---\ntitle: Breakfast\norder: 5\n---\nKippers at nine.\n"}
        )
        return within(1, lambda: "Kippers at nine" in open_page(from_folder(settings), link).page)

    assert within(SECONDS, saved_and_seen)
    write_files(settings, {"sections/breakfast.en.md": "---\ntitle: Breakfast\n"})
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(timeout=SECONDS) == 0


def test_publish_answers_machines_with_counts(settings):
    done = say(settings, "publish", "--json")
    counts = json.loads(done.stdout)
    assert done.returncode == 0
    names = {
        "stays",
        "pages",
        "rendered",
        "unchanged",
        "uploaded",
        "deleted",
        "invalidated",
        "seconds",
        "target",
    }
    assert names <= counts.keys()
    assert counts["uploaded"] == 0
    assert counts["target"] == "file:data/site"


def test_a_publish_with_boundaries_ahead_says_that_work_must_run(settings):
    write_files(settings, {"sections/wifi.en.md": "---\ntitle: Wi-Fi\norder: 2\n---\n[[wifi-password]]\n"})
    done = say(settings, "publish")
    assert "`publish.py work` must run" in done.stdout
    assert "sections/wifi.en.md edited" in done.stdout


def test_mistakes_are_told_all_at_once_with_file_and_line_and_the_exit_code_says_so(settings):
    broken = {
        "sections/wifi.en.md": "---\ntitle: Wi-Fi\norder: two\ncolour: red\n---\n[[moon-code]]\n",
        "sections/door.en.md": "---\ntitle: The door\n",
    }
    write_files(settings, broken)
    done = say(settings, "publish")
    assert done.returncode == 2
    for place in (
        "sections/wifi.en.md:3",
        "sections/wifi.en.md:4",
        "sections/wifi.en.md:6",
        "sections/door.en.md",
    ):
        assert place in done.stderr
    assert "Traceback" not in done.stderr


def test_status_says_what_is_live_what_waits_and_what_is_missing(settings):
    today = clock.now().date()
    add_stay(settings, "NEW", unit="room-2", arrives=today, leaves=today + timedelta(days=1))
    write_files(settings, {"sections/wifi.en.md": "---\ntitle: Wi-Fi\norder: 2\n---\nNew words.\n"})
    (settings.content_folder / "forgotten").mkdir()
    told = say(settings, "status").stdout
    for words in (
        "files were edited",
        "changes wait to be published: stay added",
        "translation missing",
        "content/forgotten is unused",
    ):
        assert words in told


def test_verify_as_a_command_names_the_object_and_its_exit_code_says_so(settings):
    page = next((settings.path("data/site/w/_")).rglob("*.html"))
    page.write_bytes(b"altered")
    done = say(settings, "verify")
    assert done.returncode == 1
    assert "altered: w/_/" in done.stdout
    assert say(settings, "verify", "--mend").returncode == 1
    assert say(settings, "publish").returncode == 0
    assert say(settings, "verify").returncode == 0


def test_a_command_without_set_up_says_what_to_run(tmp_path):
    done = subprocess.run(
        [*command(tmp_path), "status"],
        env={**os.environ, "GUESTLINK_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "publish.py init" in done.stderr
    assert "Traceback" not in done.stderr


def test_up_in_a_hosts_own_home_brings_no_sample_and_prints_their_own_guests(settings, started):
    save_setting(settings, public_url=f"http://localhost:{free_port()}")
    process = started("up")
    said: list[str] = []
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        if "is up at" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)
    assert "A guest in the house" in "".join(said)
    assert not (settings.content_folder / "harbour-house").exists()


def test_up_says_before_anything_starts_that_its_port_is_taken(settings):
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        save_setting(settings, public_url=f"http://localhost:{taken.getsockname()[1]}")
        done = say(settings, "up")
    assert done.returncode == 2
    assert "public_url" in done.stderr
    assert "is up" not in done.stdout


def test_a_theme_that_is_not_there_is_named_as_a_setting(settings):
    done = subprocess.run(
        [*command(settings.home), "publish"],
        env={**environment(settings), "GUESTLINK_THEME": "nowhere"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_a_running_worker_starts_again_when_its_settings_change(settings, started):
    worker = started("work")
    assert worker.stdout
    save_setting(settings, public_url="http://localhost:8098")
    assert "have changed" in worker.stdout.readline()
    assert "Working" in worker.stdout.readline()


def test_everything_is_live_once_the_worker_has_done_its_work(settings, started):
    started("work")
    today = clock.now().date()
    add_stay(settings, "NEW", unit="room-2", arrives=today, leaves=today + timedelta(days=1))
    assert within(SECONDS, lambda: "Everything is live." in say(settings, "status").stdout)
