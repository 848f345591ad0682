#!/usr/bin/env python3
"""The host's command line: parses, calls, prints. Imports lazily per command; nobody imports it."""

import importlib
import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent
COMMANDS = {
    "init": ("generator.commands.init", "make settings, keys and database, with houses to try or --empty"),
    "up": ("generator.commands.up", "serve everything on this machine and print a guest's link"),
    "demo": ("generator.commands.demo", "thousands of invented stays in houses of their own, to try out"),
    "property": ("generator.commands.houses", "add, set, list: the houses"),
    "unit": ("generator.commands.units", "add, set, list: rooms and flats"),
    "secret": ("generator.commands.secrets", "set, list: door codes, passwords, addresses"),
    "stay": ("generator.commands.stays", "add, set, list: who comes when"),
    "import": (
        "generator.commands.imports",
        "take stays from a CSV, TSV, JSON, NDJSON or iCal file or address",
    ),
    "feeds": ("generator.commands.feeds", "calendars that are fetched by themselves: fetch, hold, resume"),
    "publish": ("generator.commands.publish", "make the pages and put them on the target"),
    "link": ("generator.commands.link", "a guest's link, its QR code, or a new one"),
    "poster": ("generator.commands.poster", "a sheet for the hall with the house's QR code"),
    "cards": ("generator.commands.cards", "cards to print for arriving guests whom no message reaches"),
    "status": ("generator.commands.status", "what is live, what waits, what is missing"),
    "watch": ("generator.commands.watch", "publish on every edit and reload open pages"),
    "work": ("generator.commands.work", "pages follow the clock, messages go out (runs until stopped)"),
    "couriers": ("edge_api.commands.couriers", "messages alone, on another machine (runs until stopped)"),
    "rooms": ("edge_api.commands.rooms", "today's arrivals: which rooms are ready, who is expected when"),
    "requests": ("edge_api.commands.requests", "what guests ask for, and our answers"),
    "messages": ("edge_api.commands.messages", "what could not be sent; what was said in a stay"),
    "journey": ("edge_api.commands.journey", "what a stay's guests are told by themselves, and why not"),
    "notice": ("edge_api.commands.notice", "add, list, send: what guests of some days should know"),
    "staff": ("edge_api.commands.staff", "add, list, set, duty, link, sessions, remove: who works here"),
    "whatsapp": ("edge_api.commands.whatsapp", "check: from the settings to a delivered message"),
    "mail": ("edge_api.commands.mail", "check: from the settings to a mail server that takes e-mails"),
    "templates": ("edge_api.commands.templates", "submit, refresh: message templates and Meta's review"),
    "token": ("edge_api.commands.token", "add, list, revoke: what programs may ask the API"),
    "serve": ("edge_api.commands.serve", "the local edge (runs until stopped)"),
    "verify": ("generator.commands.verify", "compare the target with the records, object by object"),
    "check": (
        "generator.commands.check",
        "walk from the settings to a guest's page and name what is missing",
    ),
    "keys": ("generator.commands.keys", "add, use, retire, show: the keys that sign pages"),
}


VERBS = {  # the rest of the command is in the other house
    "notice add": "generator.commands.notices",
    "demo requests": "edge_api.commands.demo",
}


def main(words: list[str]) -> int:
    if not words or words[0] in {"-h", "--help", "help"}:
        return _overview()
    if words[0] not in COMMANDS:
        print(f"There is no command {words[0]!r}. `publish.py --help` lists them.", file=sys.stderr)
        return 2
    module, text = COMMANDS[words[0]]
    module = VERBS.get(" ".join(words[:2]), module)
    try:
        from guestlink import terminal

        command = importlib.import_module(module)
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed. Run `make setup`, then `.venv/bin/python publish.py`.",
            file=sys.stderr,
        )
        return 2
    home = Path(os.environ.get("GUESTLINK_HOME") or PROGRAM)
    return terminal.run(command, words[0], words[1:], home=home, help_text=text)


def _overview() -> int:
    print("Guest Link: a signed welcome page for every stay.\n\nusage: publish.py COMMAND …\n")
    for name, (_, text) in COMMANDS.items():
        print(f"  {name:<9} {text}")
    print("\n`publish.py COMMAND --help` tells more. Settings lie in data/guestlink.toml.")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(PROGRAM))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
