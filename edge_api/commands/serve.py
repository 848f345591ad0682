"""`publish.py serve`: the local edge, which serves the site and refuses what the CDN would refuse."""

import argparse
from urllib.parse import urlsplit

from edge_api.app import listening_address, serve
from guestlink.errors import InvalidInput
from guestlink.terminal import Desk

HIGHEST_PORT = 65535


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="localhost", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--port", type=int, default=0, help="default: the port of public_url")
    parser.add_argument(
        "--preview", action="store_true", help="open pages reload when they are published anew"
    )
    parser.add_argument(
        "--log-requests",
        action="store_true",
        help="a line for each call of the API: route, status, time; nothing personal",
    )


def run(args: argparse.Namespace, desk: Desk) -> int:
    public = urlsplit(desk.settings.public_url)
    port = args.port or public.port or (443 if public.scheme == "https" else 80)
    if not 0 < port <= HIGHEST_PORT:
        raise InvalidInput(f"{port} is not a port.")
    listening_address(args.host, port)
    desk.say(f"Serving {desk.settings.public_url} on {args.host}:{port}. Ctrl-C stops.")
    serve(desk.settings, args.host, port, preview=args.preview, log_requests=args.log_requests)
    desk.say("Stopped.")
    return 0
