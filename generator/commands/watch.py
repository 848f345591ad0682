"""`publish.py watch`: publishes every edit as it is saved; pages that are open in a preview reload."""

import argparse
import signal
import threading
import time

from generator.commands.publish import tell
from generator.orders import Outcome
from generator.press import Press
from generator.watching import follow
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace, desk: Desk) -> int:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    desk.say(f"Watching {desk.settings.content_folder}: every saved edit is published. Ctrl-C stops.")
    desk.say("Pages opened through `publish.py up` or `publish.py serve --preview` reload by themselves.")

    def told(outcomes: list[Outcome], press: Press) -> None:
        desk.say(time.strftime("%H:%M:%S"))
        tell(desk, outcomes, dry_run=False, seconds=None)

    follow(desk.settings, stop, told)
    desk.say("Stopped.")
    return 0
