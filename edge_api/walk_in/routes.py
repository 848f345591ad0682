"""The routes of `/open`, where a guest without script comes in: forms in, pages out. Routes only."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from edge_api.auth import address_of, is_own_form
from edge_api.trees import holdable
from edge_api.walk_in.door import Door, Reply, Visitor
from guestlink.links import LANGUAGE_TAG

LONGEST_FORM: Final = 16_384  # bytes
MOST_FIELDS: Final = 64
FORM_TYPE: Final = "application/x-www-form-urlencoded"
VERBS: Final = ("requests", "cancellation", "arrival", "rating", "channels")
STATE: Final = re.compile(r"closed|over")

Asking = Request[Any, Any, Any]


def walk_in_routes(door: Door, *, public_url: str, proxies: int) -> list[HTTPRouteHandler]:
    """`proxies`: how many machines of ours stand before this one and add to X-Forwarded-For."""

    def visitor(request: Asking, language: str) -> Visitor:
        return Visitor(
            cookie=request.cookies.get(door.cookie_name, ""),
            language=language if LANGUAGE_TAG.match(language) else "",
            accepted=request.headers.get("accept-language", ""),
            address=address_of(request, proxies),
        )

    @route("/open", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def show(request: Asking) -> Response[bytes]:
        query = dict(parse_qsl(request.url.query))
        state = query.get("state", "")
        reply = await door.show(
            visitor(request, query.get("language", "")),
            state=state if STATE.fullmatch(state) else "",
            happened=query.get("happened", ""),
        )
        return _sent(reply)

    async def answered(request: Asking, verb: str) -> Response[bytes]:
        try:
            typed = await _typed(request)
        except (HTTPException, ValueError):
            return _sent(await door.form(visitor(request, ""), state="foreign", status=400))
        who = visitor(request, typed.get("language", ""))
        if not is_own_form(request.headers, public_url):
            return _sent(await door.form(who, state="foreign", status=400))
        if verb == "":
            return _sent(await door.enter(who, typed.get("code", "")))
        if verb == "close":
            return _sent(await door.close(who))
        return _sent(await door.do(who, verb, typed))

    def posting(verb: str) -> HTTPRouteHandler:
        @route(f"/open/{verb}".rstrip("/"), http_method=HttpMethod.POST, request_max_body_size=LONGEST_FORM)
        async def take(request: Asking) -> Response[bytes]:
            return await answered(request, verb)

        return take

    return [show, *map(posting, ["", "close", *VERBS])]


async def _typed(request: Asking) -> dict[str, str]:
    """The fields of a form, without what the page could not show again; ValueError for anything else."""
    body = await request.body()
    if not body:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise ValueError
    fields = parse_qsl(
        body.decode(),
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=MOST_FIELDS,
    )
    return {holdable(name): holdable(value) for name, value in fields}


def _sent(reply: Reply) -> Response[bytes]:
    return Response(reply.body, status_code=reply.status, headers=dict(reply.headers))
