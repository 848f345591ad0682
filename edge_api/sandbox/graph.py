"""The Graph API's side of the sandbox: who may ask, which object is meant, messages and media."""

import asyncio
from collections.abc import Awaitable, Callable

from edge_api.sandbox.faults import Fault
from edge_api.sandbox.people import Number
from edge_api.sandbox.refusals import Json, Refusal, missing, no_such_object
from edge_api.sandbox.sending import find_recipient, send
from edge_api.sandbox.wire import Answer, BadBody, BrokenOff, Handler, Request, Silence
from edge_api.sandbox.world import World

MESSAGING, MANAGEMENT = "whatsapp_business_messaging", "whatsapp_business_management"
PAGE = 25
Job = Callable[[Request], Answer | Awaitable[Answer]]
Struck = Callable[[Fault | None], Answer | Awaitable[Answer]]  # told which fault strikes


class Graph:
    """What every Graph route shares: the token, the scripted faults, the shape of a refusal."""

    def __init__(self, world: World) -> None:
        self.world = world

    def guarded(self, job: Job, right: str, on: str) -> Handler:
        """A handler that asks for the token's right, lets faults strike, tells refusals as Graph does."""

        async def handle(request: Request) -> Answer:
            return await self._run(request, right, on, lambda _: job(request))

        return handle

    async def _run(self, request: Request, right: str, on: str, job: Struck) -> Answer:
        fault = self.world.faults.strike(on, self.world.clock.now(), person=self._person_of(request, on))
        if fault and (instead := await self._before(fault)):
            return instead
        try:
            self._check_token(request, right)
            answer = job(fault)
            if isinstance(answer, Awaitable):
                answer = await answer
        except Refusal as refusal:
            return self.refused(refusal)
        except BadBody as error:
            return self.refused(Refusal(100, f"The body cannot be read: {error}"))
        return self._after(fault, answer)

    def refused(self, refusal: Refusal) -> Answer:
        self.world.note("refused", code=refusal.code, details=refusal.details)
        self.world.moved()
        return Answer.json(refusal.body("A" + self.world.chance.randbytes(11).hex()), refusal.status)

    async def _before(self, fault: Fault) -> Answer | None:
        """What a fault answers in the place of the API; nothing if the request goes on."""
        if fault.kind == "slow":
            beginnings = self.world.beginnings
            await asyncio.sleep(fault.delay)
            return None if beginnings == self.world.beginnings else Silence()
        if fault.kind == "silent":
            return Silence()
        elif fault.kind == "cut":
            return BrokenOff()
        elif fault.kind == "error":
            return self.refused(Refusal(fault.code))
        elif fault.kind in {"status", "outage"}:
            self.world.note("refused", status=fault.status)
            return Answer(
                b"<html><body>Sorry, something went wrong.</body></html>",
                fault.status,
                {"content-type": "text/html"},
            )
        return None

    @staticmethod
    def _after(fault: Fault | None, answer: Answer) -> Answer:
        if fault and fault.kind == "lost":
            return BrokenOff()
        return Silence() if fault and fault.kind == "unanswered" else answer

    def _person_of(self, request: Request, on: str) -> str | None:
        """Whom a message goes to, as far as it can be told; faults may be for one person only."""
        if on != "messages" or not any(each.person for each in self.world.faults.scripts):
            return None
        try:
            number = self.world.number(request.parts["id"]) or self.world.number()
            assert number
            return find_recipient(self.world, number, request.json()).id
        except (Refusal, BadBody):
            return None

    def _check_token(self, request: Request, right: str) -> None:
        account = self.world.account
        token = (
            request.query.get("access_token") or request.headers.get("authorization", "").partition(" ")[2]
        )
        if not token:
            told = "An access token is required to request this resource."
            raise Refusal(190, told, message=told)
        if token in account.expired:
            told = "Error validating access token: Session has expired."
            raise Refusal(190, told, message=told, subcode=463)
        if token in {f"{account.app_id}|{secret}" for secret in account.app_secrets} and right == MANAGEMENT:
            return
        if token not in account.tokens:
            told = "Invalid OAuth access token - Cannot parse access token"
            raise Refusal(190, told, message=told)
        if right and right not in account.tokens[token]:
            raise Refusal(10, f"The token lacks {right}.")

    # -- objects -----------------------------------------------------------------------------------
    def number_of(self, request: Request) -> Number:
        found = self.world.account.numbers.get(request.parts["id"])
        if found is None:
            raise no_such_object(request.method.lower(), request.parts["id"])
        return found

    def check_waba(self, request: Request) -> None:
        if request.parts["id"] != self.world.account.waba_id:
            raise no_such_object(request.method.lower(), request.parts["id"])

    # -- messages ----------------------------------------------------------------------------------
    async def messages(self, request: Request) -> Answer:
        """POST /{number}/messages: a fault may let a message fail later, too."""

        def take(fault: Fault | None) -> Answer:
            return Answer.json(send(self.world, self.number_of(request), request.json(), fault))

        return await self._run(request, MESSAGING, "messages", take)

    # -- media -------------------------------------------------------------------------------------
    def upload(self, request: Request) -> Answer:
        number = self.number_of(request)
        form = request.form()
        if form.get("messaging_product", ({}, b""))[1] != b"whatsapp":
            raise missing("messaging_product")
        if "file" not in form:
            raise missing("file")
        told, body = form["file"]
        mime_type = told["content-type"] or form.get("type", ({}, b""))[1].decode()
        made = self.world.media.upload(
            number.id, mime_type, body, filename=told.get("filename", ""), at=self.world.clock.now()
        )
        return Answer.json({"id": made.id})

    async def fetch_media(self, request: Request) -> Answer:
        """GET of an address: with the token, within its five minutes."""
        try:
            self._check_token(request, MESSAGING)
        except Refusal as refusal:
            return self.refused(refusal)
        ticket = request.query.get("ticket", "")
        medium = self.world.media.fetch(request.parts["id"], ticket, self.world.clock.now())
        if medium is None:
            return Answer(b"URL signature expired", 404, {"content-type": "text/plain"})
        headers = {"content-type": medium.mime_type}
        if medium.filename:
            safe = "".join(
                letter for letter in medium.filename if letter.isascii() and letter not in '"\\\r\n'
            )
            headers["content-disposition"] = f'inline; filename="{safe}"'
        return Answer(medium.body, 200, headers)

    def get_object(self, request: Request) -> Answer:
        """GET /{id}: a number, an account, a template or a medium."""
        world, object_id = self.world, request.parts["id"]
        if object_id in world.account.numbers:
            return Answer.json(_chosen(world.account.numbers[object_id].told(), request))
        if object_id == world.account.waba_id:
            told: Json = {"id": object_id, "name": "Sandbox", "currency": "EUR", "timezone_id": "1"}
            return Answer.json(_chosen(told | {"message_template_namespace": "sandbox"}, request))
        if object_id in world.templates:
            return Answer.json(_chosen(world.templates[object_id].told(), request))
        at = world.clock.now()
        return Answer.json(world.media.address(world.media.find(object_id, at), request.origin, at))

    def delete_object(self, request: Request) -> Answer:
        """DELETE /{id}: a medium."""
        medium = self.world.media.find(request.parts["id"], self.world.clock.now())
        if request.query.get("phone_number_id", medium.number_id) != medium.number_id:
            raise no_such_object("delete", medium.id)
        del self.world.media.media[medium.id]
        return Answer.json({"success": True})


def _chosen(told: Json, request: Request) -> Json:
    """Only the fields that were asked for, and the id."""
    asked = request.query.get("fields")
    return told if not asked else {name: told[name] for name in ["id", *asked.split(",")] if name in told}


def page_of(rows: list[Json], request: Request) -> Json:
    """A page of a list, with cursors as Graph gives them."""
    limit = request.query.get("limit", "")
    size = min(int(limit), 1000) if limit.isdigit() and int(limit) else PAGE
    after = request.query.get("after", "")
    begin = int(after) if after.isdigit() else 0
    shown = [_chosen(row, request) for row in rows[begin : begin + size]]
    paging: Json = {"cursors": {"before": str(begin), "after": str(begin + len(shown))}}
    if begin + size < len(rows):
        paging["next"] = f"{request.origin}{request.path}?after={begin + size}&limit={size}"
    return {"data": shown} | ({"paging": paging} if shown else {})
