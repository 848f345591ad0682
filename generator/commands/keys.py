"""`publish.py keys add|use|retire|show`: the keys that sign pages, two valid at once during a change."""

import argparse

from generator.keys import add_key, pages_signed_with, retire_key, use_key
from guestlink import clock
from guestlink.terminal import Desk


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|use|retire|show")
    add = verbs.add_parser("add", help="make a second key pair")
    add.add_argument(
        "--id", default="", help="the id CloudFront gave its public key; can also be told to `use`"
    )
    use = verbs.add_parser("use", help="sign with this key from the next publish on")
    use.add_argument("key")
    use.add_argument("--id", default="", help="the id CloudFront gave its public key (Outputs of the stack)")
    retire = verbs.add_parser("retire", help="forget a key that signs nothing live any more")
    retire.add_argument("key")
    show = verbs.add_parser("show", help="list the keys, or print one's public half")
    show.add_argument("key", nargs="?", default="")


def run(args: argparse.Namespace, desk: Desk) -> int:
    verb = {"add": _add, "use": _use, "retire": _retire, "show": _show}[args.verb]
    return verb(args, desk)


def _add(args: argparse.Namespace, desk: Desk) -> int:
    key = add_key(desk.settings, desk.ring, key_id=args.id, at=clock.now())
    desk.say(f"Key {key.id} is made. Its public half, for PublicKeyB of deploy/cloudfront.yaml:")
    desk.say(key.public_pem.strip())
    desk.say(
        f"When CloudFront trusts it: `publish.py keys use {key.id} --id THE-ID-CLOUDFRONT-GAVE`.",
        style="bold",
    )
    return 0


def _use(args: argparse.Namespace, desk: Desk) -> int:
    name = use_key(desk.settings, desk.ring, args.key, new_id=args.id)
    desk.say(
        f"Pages are signed with {name} from the next publish on. `publish.py publish` does that now.",
        style="bold",
    )
    return 0


def _retire(args: argparse.Namespace, desk: Desk) -> int:
    retire_key(desk.settings, desk.ring, desk.database, args.key)
    desk.say(f"Key {args.key} is forgotten. Take its public half out of the stack too.", style="bold")
    return 0


def _show(args: argparse.Namespace, desk: Desk) -> int:
    if args.key:
        print(desk.ring.signing_key(args.key).public_pem.strip())
        return 0
    keys = desk.ring.stored.signing_keys
    rows = [
        (
            key.id,
            key.made_at[:10],
            "signs" if key.id == desk.settings.signing_key_id else "trusted",
            pages_signed_with(desk.database, key.id),
        )
        for key in sorted(keys, key=lambda key: key.made_at)
    ]
    desk.table(["key", "made", "use", "live objects#"], rows)
    return 0
