"""Who is let in, in one transaction each: a code is asked for, something is spent, a session begins.

Whoever is not let in learns nothing of why; what they tried is counted all the same.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from edge_api import calls, front_desk, team
from edge_api.auth import Asking, address_of
from edge_api.holdings import Holdings
from edge_api.pacing import Meter, Pace
from edge_api.phrases import Voice
from edge_api.rota import User
from edge_api.sign_in import codes, invitations, passkeys, pins, sessions, tries
from edge_api.sign_in.browsers import Device
from edge_api.sign_in.gate import Gate
from edge_api.sign_in.passkeys import Json, Site
from edge_api.sign_in.sessions import How, Session
from edge_api.sign_in.shapes import HouseOf, Me, PersonNamed, SessionShown
from guestlink.contacts import phone_digits
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, InvalidInput

T = TypeVar("T")
ASKING: Final = Pace(burst=60, seconds=2)  # of one address, before the database is asked
NO_PHONE: Final = "Begin with + and the country."


class Porter:
    """Stands at the door of one deployment. Everything here waits for the database: it belongs into a
    thread.
    """

    def __init__(
        self, holdings: Holdings, gate: Gate, *, at: Callable[[], datetime], voice: Callable[[], Voice]
    ) -> None:
        self.gate = gate
        self.at = at
        self.holdings = holdings
        self.site = Site(origin=holdings.settings.public_url)
        self._voice = voice
        self._asking = Meter(ASKING)

    def send_code(self, request: Asking, phone: str) -> None:
        """Sends a code to whoever of the house has this phone; nobody is told whether somebody has."""
        digits, voice, at = _dialled(phone), self._voice(), self.at()
        address = self._address(request, at)

        def sending(tx: Writing) -> None:
            tries.spend(tx, voice.ring, "code-address", address, at=at)
            tries.spend(tx, voice.ring, "code-phone", digits, at=at)
            codes.ask(tx, voice, phone, at=at)

        self.done(sending)

    def by_code(self, request: Asking, phone: str, code: str) -> Session | None:
        digits, ring, at = phone_digits(phone), self.holdings.ring, self.at()

        def spending(tx: Writing, spent: list[str]) -> User | None:
            spent.append(tries.spend(tx, ring, "enter-phone", digits, at=at))
            return codes.spend(tx, ring, phone, code, at=at)

        return self._let_in(request, "code", spending)

    def by_link(self, request: Asking, token: str) -> Session | None:
        return self._let_in(request, "link", lambda tx, _: invitations.spend(tx, token, at=self.at()))

    def by_passkey(self, request: Asking, credential: Json) -> Session | None:
        passkeys.library()
        site, at = self.site, self.at()
        return self._let_in(request, "passkey", lambda tx, _: passkeys.spend(tx, site, credential, at=at))

    def by_pin(self, request: Asking, session: Session, *, user_id: str, pin: str) -> Session | None:
        ring = self.holdings.ring
        return self._let_in(
            request, "pin", lambda tx, _: pins.spend(tx, ring, session, user_id=user_id, pin=pin)
        )

    def _let_in(
        self, request: Asking, how: How, spending: Callable[[Writing, list[str]], User | None]
    ) -> Session | None:
        """A session for who has spent something that counts, and its cookie; whoever was signed in on this
        browser is so no more. None commits, too: the try was one.
        """
        ring, at = self.holdings.ring, self.at()
        address = self._address(request, at)
        device = self.gate.device(request)

        def entering(tx: Writing) -> Session | None:
            spent = [tries.spend(tx, ring, "enter-address", address, at=at)]
            user = spending(tx, spent)
            if user is None:
                return None
            tries.give_back(tx, *spent)
            return _begun(tx, user, how=how, device=device, at=at)

        session = self.done(entering)
        if session is not None:
            self.gate.let_in(request, session, at=at, device=device)
        return session

    def passkey_question(self, request: Asking) -> Json:
        """What a browser answers with a passkey, whoever sits there."""
        passkeys.library()
        ring, at = self.holdings.ring, self.at()
        address = self._address(request, at)

        def asking(tx: Writing) -> Json:
            tries.spend(tx, ring, "passkey-address", address, at=at)
            return passkeys.request_options(tx, self.site, at=at)

        return self.done(asking)

    def passkey_to_make(self, session: Session, *, at: datetime) -> Json:
        """What a browser makes a passkey with, for who is signed in."""
        passkeys.library()
        ring = self.holdings.ring

        def asking(tx: Writing) -> Json:
            user = team.load_user(tx, session.user_id)
            name = team.opened(ring, user).name
            return passkeys.creation_options(tx, self.site, user, name=name, at=at)

        return self.done(asking)

    # -- what is told ------------------------------------------------------------------------------
    def shown(self, session: Session) -> SessionShown:
        with self.holdings.database.read() as db:
            return session_shown(db, self.holdings.ring, session)

    def _address(self, request: Asking, at: datetime) -> str:
        """Who tries; TooMany for who floods us, so that no try of theirs takes a turn to write."""
        address = address_of(request, int(self.holdings.settings.proxies))
        self._asking.spend(address, now=at.timestamp())
        return address

    def done(self, verb: Callable[[Writing], T]) -> T:
        return front_desk.settled(self.holdings.database, verb)


def _begun(tx: Writing, user: User, *, how: How, device: Device, at: datetime) -> Session:
    sessions.end_on(tx, device, at=at)
    return sessions.begin(tx, user, how=how, device=device, at=at)


def session_shown(db: Reading, ring: KeyRing, session: Session) -> SessionShown:
    """Who is signed in, and where they belong at this moment."""
    user = team.load_user(db, session.user_id)
    others = pins.others(db, session)
    houses = []
    for house in team.houses_of(db, user):
        row = db.one("membership", user_id=user.id, property_id=house.id)
        name = calls.name_of(db, house, user.language)
        houses.append(HouseOf(slug=house.slug, name=name, role=str(row["role"]) if row else ""))
    return SessionShown(
        id=session.id,
        how=session.how,
        user=Me(id=user.id, name=team.opened(ring, user).name, language=user.language),
        houses=tuple(houses),
        expires_at=session.expires_at,
        has_pin=pins.has_one(db, session),
        passkeys=len(passkeys.of_user(db, user.id)),
        others=tuple(PersonNamed(id=each.id, name=team.opened(ring, each).name) for each in others),
    )


def _dialled(phone: str) -> str:
    """The digits of a phone that may be one; what was typed is not repeated."""
    try:
        team.checked_phone(phone)
    except InvalidInput:
        raise InvalidFields([("phone", NO_PHONE)]) from None
    digits = phone_digits(phone)
    if not digits:
        raise InvalidFields([("phone", NO_PHONE)])
    return digits
