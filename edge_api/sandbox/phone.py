"""The phone page at the root: its files, and the stream that says when to look again."""

from collections.abc import AsyncIterator
from pathlib import Path

from edge_api.sandbox.wire import Answer, Handler, Request, Routes
from edge_api.sandbox.world import World

HEARTBEAT = 10.0  # real seconds
LONGEST_STREAM = 600.0
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def page_routes(world: World, routes: Routes, folder: Path) -> None:
    """`/` and one route for each file in the folder; no path of a request ever reaches the disk."""
    for file in sorted(folder.iterdir()):
        if file.suffix in KINDS:
            path = "/" if file.name == "index.html" else f"/page/{file.name.replace('.', '[.]')}"
            routes.add("GET", path, _file(file))
    routes.add("GET", "/sandbox/events", _events(world))


def _file(file: Path) -> Handler:
    async def show(_: Request) -> Answer:
        kind = f"{KINDS[file.suffix]}; charset=utf-8"
        return Answer(file.read_bytes(), 200, HEADERS | {"content-type": kind})  # noqa: ASYNC240 - a small file

    return show


def _events(world: World) -> Handler:
    async def watch(request: Request) -> Answer:
        seen = request.headers.get("last-event-id", "")
        headers = {
            "content-type": "text/event-stream",
            "cache-control": "no-store",
            "x-accel-buffering": "no",
        }
        return Answer(headers=headers, stream=_positions(world, int(seen) if seen.isdigit() else -1))

    return watch


async def _positions(world: World, position: int) -> AsyncIterator[bytes]:
    """A frame for each move; a comment when nothing moves. It ends by itself: browsers come again."""
    quiet = 0.0
    yield b"retry: 500\n\n"
    while quiet < LONGEST_STREAM:
        if await world.next_move(position, HEARTBEAT):
            position = world.position
            yield f"id: {position}\ndata: {position}\n\n".encode()
        else:
            quiet += HEARTBEAT
            yield b": here\n\n"
