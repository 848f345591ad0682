"""Where people of the house come in by the cookie of their session.

A cookie is good for a quarter of an hour and renewed in the answers while it is used. Older ones are good for
nothing but a new one (`GET /api/session`), as long as the session counts.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from edge_api.auth import Asking, Caller, is_cross_site, is_own_page, leave_cookie, refusal
from edge_api.holdings import Holdings
from edge_api.sign_in import sessions, tickets
from edge_api.sign_in.browsers import Device, cookie_of, device_of
from edge_api.sign_in.sessions import Session
from edge_api.sign_in.tickets import Cookies, cookies_of

SIGN_IN: Final = "Please sign in."
SAFE: Final = frozenset({"GET", "HEAD"})
RENEWED_AFTER: Final = timedelta(minutes=5)


class Gate:
    """Reads and writes the cookies of one site. It reads the database, so it belongs into a thread."""

    def __init__(self, holdings: Holdings, *, public_url: str) -> None:
        self._holdings = holdings
        self._origin = public_url
        self.cookies: Cookies = cookies_of(public_url)

    def caller(self, request: Asking, at: datetime) -> Caller | None:
        """Who asks by a cookie that counts; None when nobody does."""
        session = self._session(request, at=at)
        if session is None:
            return None
        with self._holdings.database.read() as db:
            role = sessions.role_of(db, session.user_id)
        if role is None:
            return None
        return Caller(
            id=session.user_id, by=session.user_id, role=role, property_id=None, session_id=session.id
        )

    def session(self, request: Asking, *, at: datetime, is_late: bool = False) -> Session:
        """The session that asks; 401 without. `is_late`: a cookie that is over is enough for this."""
        session = self._session(request, at=at, is_late=is_late)
        if session is None:
            raise refusal(SIGN_IN)
        return session

    def _session(self, request: Asking, *, at: datetime, is_late: bool = False) -> Session | None:
        text = request.cookies.get(self.cookies.session, "")
        if not text or not self._is_ours(request.method, request.headers):
            return None
        ticket = tickets.read(self._holdings.ring, text, issuer=self._origin)
        if ticket is None or (at >= ticket.ends_at and not is_late):
            return None
        with self._holdings.database.read() as db:
            session = sessions.find(db, ticket.session_id, at=at)
        if session is None or session.user_id != ticket.user_id:
            return None
        if at >= ticket.made_at + RENEWED_AFTER:
            with self._holdings.database.write() as tx:
                sessions.renew(tx, session, at=at)
            self.let_in(request, session, at=at)
        return session

    def _is_ours(self, method: str, headers: Mapping[str, str]) -> bool:
        """A cookie is sent with whatever a browser is made to ask: what changes something must come from our
        own page, and nobody else's page is told anything.
        """
        if method in SAFE:
            return not is_cross_site(headers, self._origin)
        return is_own_page(headers, self._origin)

    # -- cookies -----------------------------------------------------------------------------------
    def device(self, request: Asking) -> Device:
        """The browser that asks."""
        agent = request.headers.get("user-agent", "")
        return device_of(self._holdings.ring, self.cookies, request.cookies, agent)

    def let_in(
        self, request: Asking, session: Session, *, at: datetime, device: Device | None = None
    ) -> None:
        """The answer brings the cookie of this session, and that of the browser when it is new."""
        text = tickets.make(
            self._holdings.ring, session_id=session.id, user_id=session.user_id, issuer=self._origin, at=at
        )
        seconds = int((session.made_at + sessions.LONGEST - at).total_seconds())
        leave_cookie(request, self.cookies.line(self.cookies.session, text, seconds=seconds))
        if device is not None:
            leave_cookie(request, cookie_of(self.cookies, device))

    def let_go(self, request: Asking) -> None:
        """The answer takes the cookie of the session away."""
        leave_cookie(request, self.cookies.line(self.cookies.session, "", seconds=0))
