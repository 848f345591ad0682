"""`publish.py couriers`: understands what guests write, tells staff, sends messages. `work` starts it."""

import argparse
import logging
import os
import signal
import threading

from edge_api import couriers
from guestlink.settings import Settings
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing when it begins and ends")
    parser.add_argument("--parent", type=int, default=0, metavar="PID", help="end when this process is gone")


def run(args: argparse.Namespace, desk: Desk) -> int:
    logging.getLogger("guestlink").setLevel(logging.INFO)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if not args.quiet:
        desk.say(f"Messages are understood and sent.{_silent(desk.settings)} Ctrl-C stops.")
    if args.parent:
        threading.Thread(target=_end_without, args=(args.parent, stop), name="parent", daemon=True).start()
    couriers.run(desk.settings, stop)
    if not args.quiet:
        desk.say("Stopped.")
    return 0


def _silent(settings: Settings) -> str:
    """What is not sent since it is not set up."""
    if settings.speaks_whatsapp:
        return ""
    told = "only e-mails are" if settings.speaks_mail else "nothing is"
    return f" WhatsApp is not connected: {told} sent."


def _end_without(parent: int, stop: threading.Event) -> None:
    """Couriers that nobody watches over would go on sending after everything else was stopped."""
    while not stop.wait(1):
        if os.getppid() != parent:
            logging.getLogger("guestlink.couriers").warning("couriers-left-alone")
            stop.set()
