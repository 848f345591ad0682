"""A town on loopback: a small house with guests and staff, its whole processes, a sandbox with their phones.

All processes may run under one clock that a test steps (libfaketime's timestamp file); a missing libfaketime
fails the test that steps, never skips it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from guestlink import clock
from guestlink.contacts import OptIn, Person
from guestlink.records import Stay
from guestlink.settings import save_setting
from tests.house import ROOT, add_stay, command, make_home, run_publish, write_files
from tests.services import NOBODY, free_port

PATIENCE = 60.0
ANA = Person(name="Ana Lindqvist", phone="+44 7700 900101")
TOKEN, APP_SECRET, VERIFY = "sandbox-token", "an app secret of the tests", "a word of the tests"
PEOPLE = (("Jory", "+44 7700 900202"), ("Hanne", "+44 7700 900203"))  # Ana, Tomas and Mira are there
SERVICES = {
    "services/towels.en.md": """---
title: Fresh towels
order: 1
icon: service
price: free
fields: sets | number 1-6 | optional | How many
approval: approve
urgent: no
keywords: towel, towels, bath towel
updated: 2026-01-01
---
They hang on your door handle within half an hour.
""",
    "services/heating.en.md": """---
title: Heating
order: 2
icon: heating
price: free
approval: approve
urgent: yes
keywords: heating, cold room, radiator
updated: 2026-01-01
---
Somebody comes at any hour.
""",
    "services/late.en.md": """---
title: Late check-out
order: 3
icon: departure
price: 20.00
per: stay
approval: approve
urgent: no
changes: check-out 13:00
keywords: late check-out, leave later
updated: 2026-01-01
---
Keep the room a little longer.
""",
}
FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime")


class Town:
    """Processes of one house and the phones of its people."""

    def __init__(self, home: Path, *, database_url: str = "", at: datetime | None = None) -> None:
        settings = make_home(home, database_url=database_url)
        ports = free_port(), free_port()
        self.settings = save_setting(
            settings,
            public_url=f"http://localhost:{ports[0]}",
            whatsapp_url=f"http://localhost:{ports[1]}",
            whatsapp_token=TOKEN,
            whatsapp_app_secrets=APP_SECRET,
            whatsapp_verify_token=VERIFY,
            whatsapp_number_id="100000000000001",
            whatsapp_account_id="200000000000001",
            whatsapp_app_id="300000000000001",
        )
        write_files(self.settings, SERVICES)
        self.clock = home / "clock" if at else None
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.phone = httpx.Client(base_url=self.settings.whatsapp_url, timeout=20)
        if at:
            self.set_clock(at)

    # -- the house -------------------------------------------------------------------------------
    def stay(self, reference: str = "ANA", *, unit: str = "room-1", guest: Person = ANA, **more: Any) -> Stay:
        """Somebody in the house since yesterday, for two more nights."""
        today = self.now().date()
        day = timedelta(days=1)
        opt_in = OptIn(at=self.now(), how="booking form", words="You may write to me.")
        fields = {"arrives": today - day, "leaves": today + 2 * day, "opt_in": opt_in, **more}
        return add_stay(self.settings, reference, unit=unit, guest=guest, **fields)

    def publish(self) -> None:
        run_publish(self.settings, at=self.now())

    def say(self, *words: str) -> str:
        """A command, to its end; what it printed."""
        done = subprocess.run(
            [*command(self.settings.home), *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # -- processes -------------------------------------------------------------------------------
    def start(self, *names: str) -> None:
        """Starts `sandbox`, `serve`, `work`, `pages` (that is `work --pages`) or `couriers`, and waits until
        it answers, if it does.
        """
        commands: dict[str, list[str]] = {
            "sandbox": [
                *(
                    sys.executable,
                    "-m",
                    "edge_api.sandbox",
                    "--port",
                    self.settings.whatsapp_url.rpartition(":")[2],
                ),
                *("--webhook", f"{self.settings.public_url}/api/webhooks/whatsapp"),
                *("--token", TOKEN, "--app-secret", APP_SECRET, "--verify-token", VERIFY),
            ],
            "serve": [*command(self.settings.home), "serve"],
            "work": [*command(self.settings.home), "work"],
            "pages": [*command(self.settings.home), "work", "--pages"],
            "couriers": [*command(self.settings.home), "couriers"],
        }
        answers = {
            "sandbox": f"{self.settings.whatsapp_url}/sandbox/state",
            "serve": f"{self.settings.public_url}/api/health/live",
        }
        for name in names:
            with Path(self.settings.home, f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    commands[name],
                    env=self._environment(),
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if name in answers:
                until(lambda it=name: self._answers(it, answers[it]), f"{name} answers")
            if name == "sandbox":
                self._hand_out_phones()

    def _answers(self, name: str, url: str) -> bool:
        """Fails at once when the process has ended."""
        if self.processes[name].poll() is not None:
            said = Path(self.settings.home, f"{name}.log").read_text("utf-8", "replace")
            pytest.fail(f"{name} has ended: {said[-1500:]}")
        try:
            return httpx.get(url, timeout=5, verify=NOBODY).is_success
        except httpx.HTTPError:
            return False

    def kill(self, name: str) -> None:
        """As a power cut ends it: the process and all it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.phone.close()

    def _environment(self) -> dict[str, str]:
        told = {**os.environ, "GUESTLINK_HOME": self.settings.home, "PYTHONPATH": str(ROOT)}
        if self.clock:
            told |= {
                "LD_PRELOAD": _faketime(),
                "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "PYTHONPATH": os.pathsep.join([str(ROOT / "tests/faketime"), str(ROOT)]),
            }
        return told

    def _hand_out_phones(self) -> None:
        known = {each["name"] for each in self.phone.get("/sandbox/people").json()}
        for name, number in PEOPLE:
            if name not in known:
                self.phone.post("/sandbox/people", json={"name": name, "phone": number, "role": "staff"})

    def has_templates(self) -> None:
        """Waits until Meta's review is over and we know of it."""
        until(lambda: "in review" not in self.say("templates"), "the templates are approved")

    # -- time ------------------------------------------------------------------------------------
    def now(self) -> datetime:
        ahead = float(self.clock.read_text()) if self.clock else 0.0
        return clock.now() + timedelta(seconds=ahead)

    def set_clock(self, at: datetime) -> None:
        """Every process has this time from now on, and it runs on from there."""
        assert self.clock is not None
        draft = self.clock.with_suffix(".new")
        draft.write_text(f"{(at - clock.now()).total_seconds():+.3f}")
        draft.replace(self.clock)

    # -- phones ----------------------------------------------------------------------------------
    def writes(self, who: str, text: str) -> None:
        self._posts(who, {"type": "text", "text": text})

    def taps(self, who: str, title: str) -> None:
        """Waits for a button or row with this title in the newest messages, and taps it."""

        def found() -> tuple[str, str] | None:
            for bubble in reversed(self.chat(who)):
                for choice, shown in choices(bubble):
                    if shown == title and not bubble["mine"]:
                        return bubble["id"], choice
            return None

        until(lambda: found() is not None, f"{who} sees {title!r}")
        there = found()
        assert there is not None
        self._posts(who, {"type": "tap", "answers": there[0], "choice": there[1]})

    def chat(self, who: str) -> list[dict[str, Any]]:
        answer = self.phone.get(f"/sandbox/people/{who}/chat")
        assert answer.is_success, answer.text
        return list(answer.json()["bubbles"])

    def heard(self, who: str) -> list[str]:
        """What somebody was told, oldest first."""
        return [text_of(each) for each in self.chat(who) if not each["mine"]]

    def sees(self, who: str, words: str) -> dict[str, Any]:
        """Waits until somebody has a message with these words, and gives it."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.chat(who) if not each["mine"] and words in text_of(each)]

        until(lambda: bool(found()), lambda: f"{who} reads {words!r}: {self.heard(who)}")
        return found()[-1]

    def _posts(self, who: str, said: dict[str, Any]) -> None:
        answer = self.phone.post(f"/sandbox/people/{who}/messages", json=said)
        assert answer.is_success, answer.text

    def status_of(self, who: str, message_id: str) -> str:
        return str(next(each["status"] for each in self.chat(who) if each["id"] == message_id))


@contextmanager
def town(home: Path, *, database_url: str = "", at: datetime | None = None) -> Iterator[Town]:
    """A town that is not running yet; everything that was started ends with the block."""
    with ExitStack() as ending:
        made = Town(home, database_url=database_url, at=at)
        ending.callback(made.end)
        yield made


def text_of(bubble: dict[str, Any]) -> str:
    """The words of a bubble, whatever kind it is."""
    told = bubble["content"]
    return str(msgspec.json.encode(told).decode()) if "template" in told else _body(told)


def _body(told: dict[str, Any]) -> str:
    if "text" in told:
        return str(told["text"]["body"])
    return str(told.get("interactive", {}).get("body", {}).get("text", ""))


def choices(bubble: dict[str, Any]) -> list[tuple[str, str]]:
    """What can be tapped below a message: its id and its words."""
    told = bubble["content"]
    action = told.get("interactive", {}).get("action", {})
    replies = [(each["reply"]["id"], each["reply"]["title"]) for each in action.get("buttons", [])]
    rows = [(row["id"], row["title"]) for part in action.get("sections", []) for row in part["rows"]]
    quick = told.get("template", {}).get("buttons") or []
    return [*replies, *rows, *((each.get("payload", ""), each["text"]) for each in quick)]


def until(is_so: Callable[[], bool], what: str | Callable[[], str], *, within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"It did not come about: {what if isinstance(what, str) else what()}")
        time.sleep(0.05)


def _faketime() -> str:
    for folder in FAKETIME:
        if (library := Path(folder, "libfaketimeMT.so.1")).exists():
            return str(library)
    return pytest.fail("libfaketime is not installed: `make system` installs it.")
