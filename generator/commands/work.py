"""`publish.py work`: the process that keeps pages true to the clock and publishes what changes ask for."""

import argparse
import logging
import os
import signal
import sys
import threading

from generator import rebuilder
from generator.press import open_press
from guestlink import clock
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="do what is due now and stop")


def run(args: argparse.Namespace, desk: Desk) -> int:
    press = open_press(desk.settings)
    if args.once:
        settled = rebuilder.work_once(press, at=clock.now())
        desk.say(f"{settled} rebuilds settled on {press.target.name}.")
        return 0
    logging.getLogger("guestlink").setLevel(logging.INFO)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    desk.say(f"Working: pages on {press.target.name} follow the clock. Ctrl-C stops.")
    changed = rebuilder.run(press, stop)
    if changed:
        desk.say("Settings, keys, theme or program have changed: starting again.")
        press.database.close()
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - our own command line
    desk.say("Stopped.")
    return 0
