"""The routes by which a manager lets a colleague in who has no WhatsApp, by a link that is shown once, sees
where they are signed in, and ends it. Routes only.
"""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from edge_api import team
from edge_api.auth import Caller
from edge_api.counters import Asking, HouseCounter, answered
from edge_api.openapi import told
from edge_api.rota import User
from edge_api.sign_in import invitations, passkeys, sessions
from edge_api.sign_in.door import nothing
from edge_api.sign_in.shapes import Sessions, sessions_listed
from edge_api.tokens import ROLES, Role
from guestlink.database import Reading, Writing
from guestlink.errors import NotAllowed, NotFound

PEOPLE_ONLY: Final = "Only a person who is signed in may let somebody in."
MORE: Final = "They are more than you in a house of theirs."


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link that lets in once, within so many seconds. It is kept nowhere: show it to nobody else."""

    url: str
    seconds: int

    def __repr__(self) -> str:
        return "Invitation(hidden)"


def invitation_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @post(
        "/people/{user_id:str}/sign-in-links",
        sync_to_thread=True,
        **told(
            "A link by which somebody of one’s houses signs in.",
            name="inviteToSignIn",
            gives={201: (Invitation, None)},
            refuses=(404,),
        ),
    )
    def invite(request: Asking, user_id: FromPath[str]) -> Response[bytes]:
        """For managers and hosts, not for programs; for who is no more than they are anywhere."""
        caller, at = _person(counter, request), counter.at()
        public_url = counter.holdings.settings.public_url

        def inviting(tx: Writing, _: object) -> str:
            user = _colleague(tx, caller, user_id)
            return invitations.invite(tx, user, public_url=public_url, at=at, by=caller.by)

        seconds = int(invitations.LIFE.total_seconds())
        return answered(Invitation(url=counter.done(inviting), seconds=seconds), HTTPStatus.CREATED)

    return [invite, *_watching(counter)]


def _watching(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @get(
        "/people/{user_id:str}/sessions",
        sync_to_thread=True,
        **told(
            "Where somebody of one’s houses is signed in.",
            name="listSessionsOf",
            gives={200: (Sessions, None)},
            refuses=(404,),
        ),
    )
    def look(request: Asking, user_id: FromPath[str]) -> Response[bytes]:
        """For whom a link could be made."""
        caller, at = _person(counter, request), counter.at()

        def looking(db: Reading, _: object) -> Sessions:
            found = sessions.of_user(db, _colleague(db, caller, user_id).id, at=at)
            return sessions_listed(found, mine=caller.session_id)

        return answered(counter.told(looking))

    @delete(
        "/people/{user_id:str}/sessions",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        **told(
            "Sign somebody of one’s houses out everywhere.",
            name="endSessionsOf",
            gives={204: (None, None)},
            refuses=(404,),
        ),
    )
    def end(
        request: Asking,
        user_id: FromPath[str],
        *,
        passkeys_too: Annotated[
            bool, QueryParameter(name="passkeys", description="Forget their passkeys and PINs, too.")
        ] = False,
    ) -> Response[None]:
        """With all that was on its way to become a session."""
        caller, at = _person(counter, request), counter.at()

        def ending(tx: Writing, _: object) -> None:
            user = _colleague(tx, caller, user_id)
            if passkeys_too:
                passkeys.forget_all(tx, user.id)
            sessions.end_all(tx, user.id, at=at, by=caller.by)

        counter.done(ending)
        return nothing()

    return [look, end]


def _person(counter: HouseCounter, request: Asking) -> Caller:
    """A manager or host who is signed in; NotAllowed for a program."""
    caller = counter.caller(request, "manager")
    if not caller.session_id:
        raise NotAllowed(PEOPLE_ONLY)
    return caller


def _colleague(db: Reading, caller: Caller, user_id: str) -> User:
    """Somebody of the caller's houses; NotFound for others, NotAllowed for who is more than the caller."""
    theirs = _roles(db, user_id)
    mine = _roles(db, caller.by)
    if not any(ROLES.index(mine.get(house, "trigger")) >= ROLES.index("manager") for house in theirs):
        raise NotFound("There is no such person.")
    user = team.load_user(db, user_id)
    if any(ROLES.index(mine.get(house, "trigger")) < ROLES.index(role) for house, role in theirs.items()):
        raise NotAllowed(MORE)
    return user


def _roles(db: Reading, user_id: str) -> dict[str, Role]:
    """What somebody is in each of their houses; nothing for who left or never was."""
    return {str(row["property_id"]): row["role"] for row in db.all("roles_of_user", user_id=user_id)}
