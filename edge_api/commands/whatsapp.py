"""`publish.py whatsapp`: walks the way of a message to Meta and back, and says what is missing."""

import argparse

from edge_api.connecting import Step, Wire, walk
from edge_api.templates import load_templates
from guestlink import alerts, clock
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="check", required=True)
    check = verbs.add_parser("check", help="each step from the settings to a delivered message")
    check.add_argument("--subscribe", action="store_true", help="set up webhook and subscription at Meta")
    check.add_argument("--send", metavar="PHONE", default="", help="send a test message: +44 …")
    check.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    wire = Wire(
        settings=desk.settings,
        database=desk.database,
        ring=desk.ring,
        templates=load_templates(desk.settings.theme_folder),
        mends=args.subscribe,
        to=args.send,
    )
    steps: list[Step] = []
    for step in walk(wire):
        steps.append(step)
        if not args.json:
            mark = "ok  " if step.holds else "FAIL"
            desk.say(f"{mark} {step.name:<12} {step.text}", style="" if step.holds else "red")
    last = steps[-1]
    if last.holds:  # what Meta had to say of the account is answered by a walk that comes through
        with desk.database.write() as tx:
            alerts.end_all(tx, kind="whatsapp-configuration", at=clock.now())
    if args.json:
        desk.json([{"name": step.name, "holds": step.holds, "text": step.text} for step in steps])
    else:
        ending = "WhatsApp is connected." if last.holds else f"It breaks at: {last.name}."
        desk.say(ending, style="bold")
    return last.exit_code
