"""`publish.py work`: keeps pages true to the clock, publishes what changes ask for, starts the couriers.

Messages have a process of their own, `publish.py couriers`: neither waits for the other, and the serving side
of the house never loads what compiles pages. Calendars are fetched by a thread of their own: a slow one keeps
no page waiting.
"""

import argparse
import logging
import os
import signal
import subprocess
import sys
import threading

from generator import polling, rebuilder
from generator.intake.reports import counted
from generator.press import Press, open_press
from guestlink import clock
from guestlink.settings import PROGRAM
from guestlink.terminal import Desk

SECONDS_TO_END = 25  # a message under way may take twenty
SECONDS_TO_READ = 2  # what is fetched after that is fetched again when its lease ends
FIRST_WAIT, LONGEST_WAIT = 1, 60

log = logging.getLogger("guestlink.work")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="do what is due now and stop")
    parser.add_argument(
        "--pages", action="store_true", help="pages only; `publish.py couriers` runs elsewhere"
    )


def run(args: argparse.Namespace, desk: Desk) -> int:
    press = open_press(desk.settings)
    if args.once:
        return _once(press, desk)
    logging.getLogger("guestlink").setLevel(logging.INFO)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    couriers = None if args.pages else Couriers(desk, stop)
    calendars = Calendars(press)
    desk.say(f"Working: pages on {press.target.name} follow the clock. Ctrl-C stops.")
    try:
        changed = rebuilder.run(press, stop)
    finally:
        calendars.end()
        if couriers:
            couriers.end()
    if changed:
        desk.say("Settings, keys, theme or program have changed: starting again.")
        press.database.close()
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - our own command line
    desk.say("Stopped.")
    return 0


def _once(press: Press, desk: Desk) -> int:
    """Pages first: a code may end, and a calendar may be slow."""
    settled = rebuilder.work_once(press, at=clock.now())
    if fetched := polling.poll_due(press, at=clock.now()):
        failed = sum(result.error is not None for result in fetched)
        told = counted(len(fetched), "calendar", "calendars")
        desk.say(f"{told} fetched, {failed} failed." if failed else f"{told} fetched.")
        settled += rebuilder.work_once(press, at=clock.now())
    desk.say(f"{settled} rebuilds settled on {press.target.name}.")
    return 0


class Calendars:
    """The thread that fetches calendars. A server that hangs does not keep us from ending."""

    def __init__(self, press: Press) -> None:
        self._ending = threading.Event()
        told = (press, self._ending)
        self._thread = threading.Thread(target=polling.run, args=told, name="calendars", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        self._thread.join(SECONDS_TO_READ)


class Couriers:
    """The process of `publish.py couriers`; when it ends by itself, it is started again after a wait."""

    def __init__(self, desk: Desk, stop: threading.Event) -> None:
        self._home = str(desk.home)
        self._stop, self._ending = stop, threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._watch, name="couriers")
        self._thread.start()

    def end(self) -> None:
        """Lets it finish what it holds; ends it when it takes too long."""
        self._ending.set()
        self._thread.join()
        self._process.terminate()
        try:
            self._process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(PROGRAM / "publish.py"), "couriers", "--quiet"]
        command += ["--parent", str(os.getpid())]
        environment = {**os.environ, "GUESTLINK_HOME": self._home}
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)

    def _watch(self) -> None:
        wait = FIRST_WAIT
        while not self._ending.wait(0.2):
            if self._process.poll() is None or self._stop.is_set():
                continue
            log.warning("couriers-ended code=%d again_in=%d", self._process.returncode, wait)
            if self._ending.wait(wait):
                return
            wait = min(wait * 2, LONGEST_WAIT)
            if not self._stop.is_set():
                self._process = self._start()
