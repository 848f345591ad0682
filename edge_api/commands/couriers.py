"""`publish.py couriers`: understands what guests write, tells staff, sends messages. `work` starts it."""

import argparse
import logging
import signal
import threading

from edge_api import couriers
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing when it begins and ends")


def run(args: argparse.Namespace, desk: Desk) -> int:
    logging.getLogger("guestlink").setLevel(logging.INFO)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if not args.quiet:
        silent = "" if desk.settings.speaks_whatsapp else " WhatsApp is not connected: nothing is sent."
        desk.say(f"Messages are understood and sent.{silent} Ctrl-C stops.")
    couriers.run(desk.settings, stop)
    if not args.quiet:
        desk.say("Stopped.")
    return 0
