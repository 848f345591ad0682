"""`publish.py check`: walks from the settings to a guest's page and names the step that is missing."""

import argparse

from generator.checking import check
from generator.press import open_press
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace, desk: Desk) -> int:
    steps = []
    for step in check(open_press(desk.settings)):
        steps.append(step)
        if not args.json:
            mark = "ok  " if step.holds else "FAIL"
            desk.say(f"{mark} {step.name:<13} {step.text}", style="" if step.holds else "red")
    held = steps[-1].holds
    if args.json:
        desk.json([{"name": step.name, "holds": step.holds, "text": step.text} for step in steps])
    else:
        ending = "The whole chain holds." if held else f"The chain breaks at: {steps[-1].name}."
        desk.say(ending, style="bold")
    return 0 if held else 1
