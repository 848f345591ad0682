"""`python -m edge_api.sandbox`: the sandbox as a server of its own. It asks nobody who they are.

Tokens and secrets may come as SANDBOX_TOKEN, SANDBOX_APP_SECRET and SANDBOX_VERIFY_TOKEN, too.
"""

import argparse
import os
import sys
from functools import partial

from granian import Granian
from granian.constants import Interfaces

from edge_api.sandbox.app import Sandbox
from edge_api.sandbox.people import Account
from edge_api.sandbox.world import World

SECONDS_TO_STOP = 3  # an open stream or an unanswered request would hold the server for ever


def main() -> None:
    args = arguments().parse_args()
    sys.stdout.write(f"The WhatsApp sandbox is at http://localhost:{args.port}\n")
    sys.stdout.flush()
    Granian(
        "edge_api.sandbox.app",
        args.host,
        args.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        workers_kill_timeout=SECONDS_TO_STOP,
    ).serve(target_loader=partial(make, args), wrap_loader=False)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m edge_api.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--seed", type=int, default=1, help="of every chance (default: 1)")
    parser.add_argument("--webhook", default="", help="where webhooks go; or subscribe by the Graph API")
    parser.add_argument(
        "--token", default=os.environ.get("SANDBOX_TOKEN"), help="the access token (default: sandbox-token)"
    )
    parser.add_argument(
        "--app-secret",
        default=os.environ.get("SANDBOX_APP_SECRET"),
        help="what signs webhooks (default: sandbox-secret)",
    )
    parser.add_argument(
        "--verify-token",
        default=os.environ.get("SANDBOX_VERIFY_TOKEN"),
        help="for the challenge (default: sandbox-verify)",
    )
    parser.add_argument("--number-id", help="phone_number_id of the first number (default: 100000000000001)")
    return parser


def make(args: argparse.Namespace) -> Sandbox:
    """A sandbox as the command line asks for it."""
    world = World(args.seed)
    adjust(world.account, args)
    return Sandbox(world)


def adjust(account: Account, args: argparse.Namespace) -> None:
    account.callback = args.webhook
    if args.token:
        account.tokens = {args.token: next(iter(account.tokens.values()))}
    if args.app_secret:
        account.app_secrets = [args.app_secret]
    if args.verify_token:
        account.verify_token = args.verify_token
    if args.number_id:
        _, number = account.numbers.popitem()
        number.id = args.number_id
        account.numbers[number.id] = number


if __name__ == "__main__":
    main()
