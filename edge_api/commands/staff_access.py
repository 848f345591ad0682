"""`publish.py staff link` and `staff sessions`: how somebody signs in, where they are, and the end of it."""

import argparse
from datetime import datetime
from typing import Any, Final

from edge_api import duty, front_desk, pushes, team
from edge_api.rota import User
from edge_api.sign_in import invitations, passkeys, sessions
from edge_api.sign_in.sessions import Session
from guestlink import clock, language
from guestlink.database import Writing
from guestlink.errors import InvalidInput
from guestlink.terminal import Desk

COLUMNS: Final = ("browser", "by", "since", "last used", "until", "push", "id")
ID_SHOWN: Final = 6
UTC: Final = "UTC"


def configure(verbs: Any) -> None:
    link = verbs.add_parser("link", help="a link by which somebody signs in: once, within a day")
    link.add_argument("named", metavar="WHO")
    listing = verbs.add_parser("sessions", help="where somebody is signed in; --end signs them out")
    listing.add_argument("named", metavar="WHO")
    listing.add_argument("--end", action="store_true", help="sign them out everywhere, at once")
    listing.add_argument(
        "--passkeys", action="store_true", help="with --end: their passkeys and PINs count no more, too"
    )
    listing.add_argument("--json", action="store_true", help="for machines")


def link(args: argparse.Namespace, desk: Desk) -> int:
    by, public_url = desk.user, desk.settings.public_url

    def inviting(tx: Writing) -> tuple[User, str]:
        user = duty.find_user(tx, desk.ring, args.named)
        return user, invitations.invite(tx, user, public_url=public_url, at=clock.now(), by=by)

    user, url = front_desk.settled(desk.database, inviting)
    desk.say(url)
    name = team.opened(desk.ring, user).name
    desk.say(f"{name} signs in by it: once, within a day. Give it to nobody else.", style="dim")
    return 0


def list_sessions(args: argparse.Namespace, desk: Desk) -> int:
    if args.passkeys and not args.end:
        raise InvalidInput("--passkeys is a part of --end.", hint="Write --end --passkeys.")
    if args.end:
        return _end(args, desk)
    with desk.database.read() as db:
        user = duty.find_user(db, desk.ring, args.named)
        found = sessions.of_user(db, user.id, at=clock.now())
        told = pushes.sessions_told(db, user.id, at=clock.now())
        keys = len(passkeys.of_user(db, user.id))
        zone = next((house.zone for house in duty.houses_of(db, user)), UTC)
    if args.json:
        desk.json([_row(each, has_push=each.id in told) for each in found])
        return 0
    name = team.opened(desk.ring, user).name
    if not found:
        desk.say(f"{name} is signed in nowhere.")
    else:
        desk.table(COLUMNS, [list(_row(each, zone, has_push=each.id in told).values()) for each in found])
    if keys:
        desk.say(f"{name} has {keys} passkeys." if keys > 1 else f"{name} has a passkey.")
    return 0


def _end(args: argparse.Namespace, desk: Desk) -> int:
    by = desk.user

    def ending(tx: Writing) -> tuple[User, int]:
        at, user = clock.now(), duty.find_user(tx, desk.ring, args.named)
        if args.passkeys:
            passkeys.forget_all(tx, user.id)
        return user, sessions.end_all(tx, user.id, at=at, by=by)

    user, ended = front_desk.settled(desk.database, ending)
    name = team.opened(desk.ring, user).name
    desk.say(f"{name} is signed out: {ended} sessions ended." if ended != 1 else f"{name} is signed out.")
    return 0


def _row(session: Session, zone: str = "", *, has_push: bool) -> dict[str, str]:
    """With a zone, as the host's table shows it."""

    def moment(at: datetime) -> str:
        return language.format_moment(at, zone, "en") if zone else clock.as_text(at)

    return {
        "browser": session.browser or "unknown",
        "by": session.how,
        "since": moment(session.made_at),
        "last_used": moment(session.seen_at),
        "until": moment(session.expires_at),
        "push": "yes" if has_push else "no",
        "id": session.id[-ID_SHOWN:] if zone else session.id,
    }
