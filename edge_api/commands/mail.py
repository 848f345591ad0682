"""`publish.py mail`: walks the way of an e-mail into the mail server, and says what is missing."""

import argparse

from edge_api.mail_check import Road, Step, walk
from guestlink import alerts, clock
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="check", required=True)
    check = verbs.add_parser("check", help="each step from the settings to a mail server that takes e-mails")
    check.add_argument("--to", metavar="ADDRESS", default="", help="send a test e-mail")
    check.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    steps: list[Step] = []
    for step in walk(Road(settings=desk.settings, database=desk.database, to=args.to)):
        steps.append(step)
        if not args.json:
            mark = "ok  " if step.holds else "FAIL"
            desk.say(f"{mark} {step.name:<12} {step.text}", style="" if step.holds else "red")
    last = steps[-1]
    if last.name == "message" and last.holds:  # whatever was wrong with it is over
        with desk.database.write() as tx:
            alerts.end_all(tx, kind="mail-configuration", at=clock.now())
    if args.json:
        desk.json([{"name": step.name, "holds": step.holds, "text": step.text} for step in steps])
    else:
        desk.say("E-mails can be sent." if last.holds else f"It breaks at: {last.name}.", style="bold")
    return last.exit_code
