"""`publish.py stay companion`: more people of a stay, each with a link of their own."""

import argparse

from generator.commands import asking, stay_fields
from guestlink import clock, companions
from guestlink.contacts import Person, folded, opened
from guestlink.crypto import KeyRing
from guestlink.errors import InvalidInput, NotFound
from guestlink.records import Contact, find_stay
from guestlink.terminal import Desk, plain


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="deed", required=True, metavar="add|remove|rename|list")
    add = verbs.add_parser("add", help="one more person, with a link of their own")
    remove = verbs.add_parser("remove", help="take somebody off; their link ends")
    rename = verbs.add_parser("rename", help="another name, phone or e-mail; the link goes on")
    for verb in (add, remove, rename, verbs.add_parser("list", help="who there is")):
        verb.add_argument("stay", metavar="STAY", help="booking reference, stay code or id")
    for verb in (remove, rename):
        verb.add_argument("who", metavar="WHO", help="the name, or the number in the list")
    for verb in (add, rename):
        asking.add_guest_options(verb)


def run(args: argparse.Namespace, desk: Desk) -> int:
    return {"add": _add, "remove": _remove, "rename": _rename, "list": _list}[args.deed](args, desk)


def _add(args: argparse.Namespace, desk: Desk) -> int:
    asking.take_guest_file(args)
    asking.ask_guest(args)
    person = asking.guest(args) or Person()
    with desk.database.write() as tx:
        stay = find_stay(tx, args.stay)
        companions.add_companion(tx, desk.ring, stay, person, at=clock.now(), by=desk.user)
    desk.say(f"{stay_fields.name(stay)} has a companion more, with a link of their own.")
    desk.say(f"{asking.GOES_LIVE} Then `publish.py link {stay.code}` prints all its links.", style="bold")
    return 0


def _remove(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.write() as tx:
        stay = find_stay(tx, args.stay)
        companion = _named(companions.of_stay(tx, stay), desk.ring, args.who)
        companions.remove_companion(tx, stay, companion, at=clock.now(), by=desk.user)
    desk.say(f"{stay_fields.name(stay)} has a companion less: that link ends, the others go on.")
    desk.say(asking.GOES_LIVE, style="bold")
    return 0


def _rename(args: argparse.Namespace, desk: Desk) -> int:
    asking.take_guest_file(args)
    person = asking.guest(args)
    if person is None:
        raise InvalidInput(
            "Nothing to change was told.", hint="Say --name, --phone, --email or --guest-file."
        )
    with desk.database.write() as tx:
        stay = find_stay(tx, args.stay)
        companion = _named(companions.of_stay(tx, stay), desk.ring, args.who)
        at, by = clock.now(), desk.user
        after = companions.change_companion(tx, desk.ring, stay, companion, person=person, at=at, by=by)
    if after.version == companion.version:
        desk.say("It was like that already; nothing changed.", style="bold")
        return 0
    desk.say(f"A companion of {stay_fields.name(stay)} is changed, the link stays the same.")
    desk.say(asking.GOES_LIVE, style="bold")
    return 0


def _list(args: argparse.Namespace, desk: Desk) -> int:
    with desk.database.read() as db:
        stay = find_stay(db, args.stay)
        people = [opened(desk.ring, contact) for contact in companions.of_stay(db, stay)]
    if people:
        rows = [
            [str(number), plain(person.name), _yes(person.phone), _yes(person.email)]
            for number, person in enumerate(people, 1)
        ]
        desk.table(("number", "name", "phone", "e-mail"), rows)
    count = "1 companion." if len(people) == 1 else f"{len(people) or 'No'} companions."
    desk.say(f"{stay_fields.name(stay)}: {count}", style="bold")
    return 0


def _named(people: list[Contact], ring: KeyRing, who: str) -> Contact:
    """By the number in the list or by name; the refusal repeats no name."""
    if who.isdecimal() and 1 <= int(who) <= len(people):
        return people[int(who) - 1]
    found = [contact for contact in people if folded(opened(ring, contact).name) == folded(who)]
    if len(found) != 1:
        raise NotFound(
            "There is no such companion.", hint="`publish.py stay companion list STAY` shows who there is."
        )
    return found[0]


def _yes(text: str) -> str:
    return "yes" if text else ""
