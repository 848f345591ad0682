"""The route by which a manager lets a colleague in who has no WhatsApp: a link, shown once. Routes only."""

from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from edge_api import team
from edge_api.auth import Caller
from edge_api.counters import Asking, HouseCounter, answered
from edge_api.openapi import told
from edge_api.rota import User
from edge_api.sign_in import invitations
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
        caller, at = counter.caller(request, "manager"), counter.at()
        if not caller.session_id:
            raise NotAllowed(PEOPLE_ONLY)
        public_url = counter.holdings.settings.public_url

        def inviting(tx: Writing, _: object) -> str:
            user = _colleague(tx, caller, user_id)
            return invitations.invite(tx, user, public_url=public_url, at=at, by=caller.by)

        seconds = int(invitations.LIFE.total_seconds())
        return answered(Invitation(url=counter.done(inviting), seconds=seconds), HTTPStatus.CREATED)

    return [invite]


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
