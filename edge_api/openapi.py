"""The API's description, OpenAPI 3.1: Litestar writes it from the routes, which say by `told` what is theirs.

There is no page beside it that would load scripts from elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib import metadata
from typing import Any, Final, Self

import msgspec
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Example, Reference, SecurityScheme, Tag
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"
REFERENCE: Final = "#/components/schemas/{name}"
ALWAYS: Final = (400, 429, 503)  # a call that is none, asked too often, the database is down
INTRODUCTION: Final = """\
Three kinds of callers. A guest's page asks below `/api/requests`, `/api/arrival`,
`/api/rating`, `/api/guest` and `/api/openings` with the Bearer token that lies sealed in it; programs of the
house ask below `/api/house` with one that `publish.py token add` has made; people of the house ask there with
the cookie of their session, from our own pages only. What a caller does not reach is answered 404.

Errors are `application/problem+json` (RFC 9457). 429 and 503 come with `Retry-After`. No answer is
stored on the way.
"""


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """Which field is wrong, and what is wrong with it."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, for a person to read. `request` is what it is now, `faster` who made it so."""

    type: str
    title: str
    status: int
    detail: str
    hint: str = ""
    errors: list[Wrong] = []
    request: dict[str, Any] | None = None
    faster: dict[str, Any] | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What Litestar cannot see of a route: status codes, shapes of answers and body, its example, the key."""

    codes: frozenset[int]
    shapes: tuple[type, ...]
    takes: type | None
    sends: object
    key: bool | None

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self


def told(
    summary: str,
    *,
    name: str,
    gives: Mapping[int, tuple[type | None, object]],
    refuses: Iterable[int] = (),
    takes: type | None = None,
    sends: object = None,
    key: bool | None = None,
    scheme: str = "house",
    tag: str = "",
    media_type: str = JSON,
    is_open: bool = False,
) -> dict[str, Any]:
    """What a route says of itself. `gives`: status -> shape and example; `takes`: shape of the body, `sends`
    its example; `key`: whether an Idempotency-Key is demanded, None for not at all; `is_open`: to some also
    without a token.
    """
    errors = {*ALWAYS, *refuses, *((401,) if scheme else ()), *((403,) if scheme == "house" else ())}
    answers = {status: _given(status, *given, media_type) for status, given in gives.items()}
    problems = {status: _given(status, Problem, None, PROBLEM) for status in sorted(errors)}
    shapes = tuple(shape for shape, _ in gives.values() if isinstance(shape, type) and _is_struct(shape))
    codes = frozenset({*answers, *problems})
    return {
        "summary": summary,
        "operation_id": lambda _, method, __: f"{name}Head" if method == "HEAD" else name,
        "responses": answers | problems,
        "security": _needed(scheme, is_open=is_open),
        "tags": [tag or scheme or "health"],
        "opt": {"told": Told(codes=codes, shapes=shapes, takes=takes, sends=sends, key=key)},
    }


def _needed(scheme: str, *, is_open: bool) -> list[dict[str, list[str]]] | None:
    """Who is let in: to what programs of the house may do, people of the house, too."""
    people: list[dict[str, list[str]]] = [{"session": []}] if scheme == "house" else []
    return [*([{}] if is_open else []), {scheme: []}, *people] if scheme else None


def described_routes(routes: Sequence[ControllerRouterHandler], *, cookie: str) -> list[HTTPRouteHandler]:
    """Serves the description of these routes and of itself; it is written at the first call. `cookie` is the
    name of the session's.
    """

    @cache
    def document() -> bytes:
        return msgspec.json.encode(described([*routes, as_json], cookie=cookie))

    said = {200: (dict[str, Any], None)}

    @get(
        "/api/openapi.json",
        **told("This description.", name="openapi", gives=said, scheme=""),
        media_type=JSON,
        sync_to_thread=True,
    )
    def as_json() -> Response[bytes]:
        return Response(document(), media_type=JSON, headers=HEADERS)

    return [as_json]


HEADERS: Final = {"Cache-Control": "no-store"}


def described(routes: Sequence[ControllerRouterHandler], *, cookie: str) -> dict[str, Any]:
    """The document. An application that serves nobody holds the routes, so that Litestar describes them."""
    schemes: dict[str, SecurityScheme | Reference] = {
        "page": SecurityScheme(type="http", scheme="bearer", description="The token of a guest's page."),
        "house": SecurityScheme(type="http", scheme="bearer", description="A `gl_…` token of the house."),
        "session": SecurityScheme(
            type="apiKey", name=cookie, security_scheme_in="cookie", description="Of who is signed in."
        ),
    }
    config = OpenAPIConfig(
        title="Guest Link",
        version=metadata_version(),
        description=INTRODUCTION,
        components=Components(security_schemes=schemes),
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        tags=[
            Tag(name="page", description="What a guest's page asks for."),
            Tag(name="house", description="What programs of the house ask for."),
            Tag(name="session", description="How people of the house sign in, and out."),
            Tag(name="health", description="Whether it answers, and how it goes."),
        ],
    )
    application = Litestar(list(routes), openapi_config=config, logging_config=None)
    document: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(application.openapi_schema.to_schema(), enc_hook=str)
    )
    for route in application.routes:
        if isinstance(route, HTTPRoute) and (path := document["paths"].get(route.path_format)):
            for method, operation in path.items():
                _complete(document, operation, route.route_handler_map[method.upper()][0])
    document["components"]["schemas"] = _with_plain_pairs(document["components"]["schemas"])
    return document


def metadata_version() -> str:
    """The program's version, `0` when it is run without being installed."""
    try:
        return metadata.version("guest-link")
    except metadata.PackageNotFoundError:
        return "0"


class Given(ResponseSpec):
    """An answer as it is described. Litestar copies a router deeply when it is registered: most of that would
    be these, which nobody changes.
    """

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self


def _given(status: int, shape: Any, example: object, media_type: str) -> Given:
    return Given(
        shape,
        generate_examples=False,
        description=HTTPStatus(status).phrase,
        media_type=media_type,
        examples=[Example(summary="An answer", value=example)] if example is not None else None,
    )


def _complete(document: dict[str, Any], operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """What our routes do themselves: read the body by its shape, look for the Idempotency-Key."""
    said: Told | None = handler.opt.get("told")
    if said is None:
        return
    schemas = document["components"]["schemas"]
    for shape in said.shapes:  # Litestar's own words for a tuple are none in JSON Schema 2020-12
        schemas |= msgspec.json.schema_components([shape], ref_template=REFERENCE)[1]
    operation["responses"] = {
        code: answer for code, answer in operation["responses"].items() if int(code) in said.codes
    }
    if said.takes is not None:
        (schema,), components = msgspec.json.schema_components([said.takes], ref_template=REFERENCE)
        schemas |= components
        content: dict[str, Any] = {"schema": schema}
        if said.sends is not None:
            content["examples"] = {"example": {"summary": "A call", "value": said.sends}}
        is_needed = bool(components[said.takes.__name__].get("required"))
        operation["requestBody"] = {"required": is_needed, "content": {JSON: content}}
    if said.key is not None:
        operation.setdefault("parameters", []).append(KEY_HEADER | {"required": said.key})


def _with_plain_pairs(schema: Any) -> Any:
    """Tuples of one type as arrays of it, so many: the same values, in words that every reader knows."""
    if isinstance(schema, list):
        return [_with_plain_pairs(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _with_plain_pairs(each) for name, each in schema.items()}
    parts = told.get("prefixItems")
    if isinstance(parts, list) and parts and all(part == parts[0] for part in parts):
        told = {**told, "items": parts[0]}
        del told["prefixItems"]
    return told


def _is_struct(shape: object) -> bool:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "New for each wish, the same for each try: what was done with it is done once.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"},
    "example": "a-new-key-for-each",
}
