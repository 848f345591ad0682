"""`publish.py verify`: compares every object on the target with the records."""

import argparse

from generator.press import open_press
from generator.verifying import Comparison, doubt, verify
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mend", action="store_true", help="let the next publish put what is missing or altered"
    )
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    press = open_press(desk.settings)
    found = verify(press)
    if args.json:
        desk.json(
            {"live": found.live, "missing": found.missing, "altered": found.altered, "foreign": found.foreign}
        )
    else:
        for word in ("missing", "altered", "foreign"):
            for path in getattr(found, word):
                desk.say(f"{word}: {path}")
    if args.mend:
        doubt(press, [*found.missing, *found.altered])
    if not args.json:
        desk.say(_in_words(found, mending=args.mend), style="bold")
    return 1 if found.missing or found.altered or found.foreign else 0


def _in_words(found: Comparison, *, mending: bool) -> str:
    """What holds, and the way to mend what does not; foreign objects are named and left alone."""
    wrong = len(found.missing) + len(found.altered)
    told = f"{found.live} objects are as recorded"
    if wrong:
        mend = "`publish.py publish`" if mending else "`publish.py verify --mend` and `publish.py publish`"
        told += f", {wrong} missing or altered: {mend} put them back"
    if found.foreign:
        told += f", {len(found.foreign)} foreign: nobody recorded them, and they are left alone"
    return told + "."
