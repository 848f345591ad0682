"""Walks the way of an e-mail from the settings into a mail server; names the first step that does not hold.

Each step says what holds, or what is missing with its mend. Only when asked, one test e-mail leaves.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from edge_api import envelopes
from edge_api.codes import NO_ENCRYPTION, NO_MAIL_SERVER, words_of
from edge_api.letters import NO_FRAME, Cover, checked_address, composed, domain_of, message_id
from edge_api.mail import Line, Mailer, Relay, relay_of
from edge_api.messages import MAIL, Letter, Sender
from edge_api.outcomes import NotSent, Unknown
from guestlink import clock, records
from guestlink.database import Database
from guestlink.errors import GuestLinkError, InvalidInput, NotAllowed, Outage, Refused
from guestlink.settings import Settings, without_secrets

SUBJECT: Final = "A test e-mail from Guest Link"
HELLO: Final = "This is a test e-mail from Guest Link. Nothing has to be done."
NO_LETTERHEAD: Final = "no house has one yet, so plain words are sent: `publish.py publish` makes them"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `text` is what holds, or what is missing with its mend."""

    name: str
    holds: bool
    text: str
    exit_code: int = 0


class Road(msgspec.Struct, kw_only=True):
    """What the walk works with; `to` is who gets a test e-mail."""

    settings: Settings
    database: Database
    to: str = ""
    relay: Relay | None = None
    line: Line | None = None


def walk(road: Road) -> Iterator[Step]:
    """The steps in order, ending with the first that does not hold."""
    steps: list[tuple[str, Callable[[Road], str]]] = [("settings", _settings)]
    if road.settings.mail_url.startswith("smtp"):
        steps += [("server", _server), ("login", _login)]
    steps += [("letterhead", _letterhead), ("stopping", _stopping)]
    if road.to:
        steps.append(("message", _message))
    try:
        for name, step in steps:
            try:
                yield Step(name=name, holds=True, text=step(road))
            except GuestLinkError as error:
                yield Step(name=name, holds=False, text=str(error), exit_code=error.exit_code)
                return
    finally:
        if road.line is not None:
            road.line.hang_up()


def _settings(road: Road) -> str:
    settings = road.settings
    road.relay = relay_of(settings)
    where = without_secrets(settings.mail_url)
    if road.relay is None:
        return f"e-mails from {settings.mail_from} are laid into {settings.path(where.removeprefix('file:'))}"
    answers = f", answers to {settings.mail_reply_to}" if settings.mail_reply_to else ""
    bounces = f", bounces to {settings.mail_bounce}" if settings.mail_bounce else ""
    return f"e-mails from {settings.mail_from} go to {where}{answers}{bounces}"


def _server(road: Road) -> str:
    assert road.relay is not None
    road.line = Line(road.relay, domain_of(road.settings.mail_from))
    told = road.line.open()
    if told is None:
        return f"{road.relay.name} answers{', encrypted' if road.line.is_encrypted else ''}"
    if told.code == NO_MAIL_SERVER:
        mend = "Look at host and port of mail_url, and whether this machine may connect to them."
        raise Outage(f"Nobody answers at {road.relay.name}: {told.words}.", hint=mend)
    if told.code == NO_ENCRYPTION:
        mend = "Use the host's name as in its certificate, smtps:// for port 465, smtp:// for 587."
        raise Refused(f"{words_of(told.code)} {told.words}".strip(), hint=mend)
    raise _refused(told, "Ask whoever runs the mail server.")


def _login(road: Road) -> str:
    assert road.line is not None
    assert road.relay is not None
    told = road.line.log_in()
    if told is None:
        return "name and password are taken" if road.relay.user else "none is asked for"
    mend = "Correct mail_url: smtp://user:password@host:587, a @ / or : in a password as %40 %2F %3A."
    raise NotAllowed(f"{words_of(told.code)} It says: {told.words}", hint=mend)


def _letterhead(road: Road) -> str:
    with road.database.read() as db:
        houses = records.properties(db)
        ready = [house.slug for house in houses if envelopes.frame_of(db, house) is not NO_FRAME]
    return f"published: {', '.join(ready)}" if ready else NO_LETTERHEAD


def _stopping(road: Road) -> str:
    public = road.settings.public_url
    if public.startswith("https:"):
        return f"guests stop e-mails at {public}/api/guest/mail, mail programs by one click"
    return f"guests stop e-mails at {public}/api/guest/mail; mail programs want https for their own button"


def _message(road: Road) -> str:
    address, settings = checked_address(road.to), road.settings
    if not address:
        raise InvalidInput(f"{road.to!r} is no e-mail address.", hint="Write it as ana@example.com.")
    callback = clock.new_id()
    cover = Cover(
        message_id=message_id(settings.mail_from, callback),
        house="Guest Link",
        mail_from=settings.mail_from,
        reply_to=settings.mail_reply_to,
        to=Sender(email=address),
        address=address,
        at=clock.now(),
    )
    letter = Letter(subject=SUBJECT, text=HELLO, language="en")
    mailer = Mailer(settings)
    try:
        body = composed(letter, cover)
        told = mailer.send(letter, to=cover.to, number_id=MAIL, callback=callback, file=body)
    finally:
        mailer.close()
    if isinstance(told, Unknown):
        raise Outage("We don't know if the test e-mail was taken.", hint="Look into the mailbox.")
    if isinstance(told, NotSent):
        raise _refused(told, "Look at mail_from: many servers take only addresses of your own.")
    return "taken by the mail server" if road.relay else "lies in the folder"


def _refused(told: NotSent, mend: str) -> Refused:
    return Refused(f"{words_of(told.code)} It says: {told.words} ({abs(told.code)})", hint=mend)
