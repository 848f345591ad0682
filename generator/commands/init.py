"""`publish.py init`: settings, key ring, database, and the houses to try unless told otherwise.

Whatever is there already stays as it is; a first run that was cut off is completed by the next.
"""

import argparse
import errno
import os
import secrets
import shutil
import socket
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from generator.content import read_property
from generator.files import leaks
from generator.sample import SAMPLES, add_sample
from generator.samples.plans import Sample
from guestlink import clock, crypto, houses
from guestlink.crypto import KeyRing
from guestlink.database import open_database
from guestlink.errors import SettingsError
from guestlink.records import properties
from guestlink.settings import HELP, PROGRAM, Settings, load_settings, save_setting
from guestlink.terminal import Desk

WRITTEN = ("database_url", "site_url", "public_url", "signing_key_id", "content")
SANDBOX = {  # what the sandbox answers to at first (docs/sandbox.md)
    "whatsapp_token": "sandbox-token",
    "whatsapp_number_id": "100000000000001",
    "whatsapp_account_id": "200000000000001",
    "whatsapp_app_id": "300000000000001",
}
MAILBOX = {"mail_url": "file:data/mail", "mail_from": "house@localhost"}  # e-mails of the houses to try
PORTS = range(8080, 8100)
SANDBOX_PORTS = range(8700, 8720)
THERE = "there already"


def configure(parser: argparse.ArgumentParser) -> None:
    configure_samples(parser)
    parser.add_argument("--name", default="Host", help="your name, as staff will see it")


def configure_samples(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--empty", action="store_true", help="without houses to try")
    which.add_argument(
        "--sample",
        action="append",
        choices=[sample.slug for sample in SAMPLES],
        help="only this house to try; say it again for another",
    )


def told_samples(args: argparse.Namespace) -> tuple[Sample, ...]:
    """Which houses to try are wanted; all of them unless somebody said otherwise."""
    if args.empty:
        return ()
    return tuple(sample for sample in SAMPLES if not args.sample or sample.slug in args.sample)


def run(args: argparse.Namespace, desk: Desk) -> int:
    samples = told_samples(args)
    set_up(desk, samples, name=args.name, at=clock.now())
    _tell(desk, samples)
    return 0


def set_up(desk: Desk, samples: Sequence[Sample], *, name: str, at: datetime) -> None:
    """Settings, keys, database and these houses to try; whatever is there already stays as it is."""
    desk.say(f"Setting up Guest Link in {desk.home.resolve()}")
    settings = load_settings(desk.home)
    ring = _keys(desk, settings, at)
    _settings(desk, settings, ring, with_sandbox=bool(samples))
    by = _database(desk, ring, name=name, at=at)
    for sample in samples:
        _sample(desk, ring, sample, by=by, at=at)


def _line(desk: Desk, what: str, text: str) -> None:
    desk.say(f"  {what:<9} {text}")


# -- keys and settings -----------------------------------------------------------------------------
def _keys(desk: Desk, settings: Settings, at: datetime) -> KeyRing:
    path = settings.keys_file
    if path.exists():
        _line(desk, "keys", f"{path} {THERE}")
        return crypto.read_keys(path)
    if _has_records(settings):
        mend = "Bring the file back from the backup; without it, nothing that is sealed can be read."
        raise SettingsError(
            f"There are records, but their key ring {path} is gone.", setting="keys", hint=mend
        )
    try:
        crypto.write_keys(path, crypto.new_keys(at))
    except OSError as error:
        raise _cannot_write(path, error) from None
    _line(desk, "keys", f"{path} made, for your eyes only: keep a copy of it somewhere else")
    return crypto.read_keys(path)


def _has_records(settings: Settings) -> bool:
    url = settings.database_url
    if url.startswith("sqlite") and not settings.path(url.removeprefix("sqlite:///")).exists():
        return False
    database = open_database(url, home=Path(settings.home))
    try:
        with database.read() as db:
            return db.one("first_user") is not None
    finally:
        database.close()


def _settings(desk: Desk, settings: Settings, ring: KeyRing, *, with_sandbox: bool) -> None:
    """What the environment says is not copied into the file: it goes on saying it."""
    outside = {name for name in HELP if os.environ.get(f"GUESTLINK_{name.upper()}")}
    first_key = ring.stored.signing_keys[0].id
    if settings.file.exists():
        if not settings.signing_key_id:
            save_setting(settings, signing_key_id=first_key)
        _line(desk, "settings", f"{settings.file} {THERE}")
        return
    values = msgspec.structs.asdict(settings) | {"signing_key_id": settings.signing_key_id or first_key}
    if "public_url" not in outside:
        values["public_url"] = f"http://localhost:{free_port()}"
    written = list(WRITTEN)
    if with_sandbox and not settings.whatsapp_token:
        values |= SANDBOX | {
            "whatsapp_url": f"http://localhost:{free_port(SANDBOX_PORTS)}",
            "whatsapp_app_secrets": secrets.token_hex(16),
            "whatsapp_verify_token": secrets.token_hex(8),
        }
        written += [name for name in HELP if name.startswith("whatsapp_") and values[name]]
    if with_sandbox and not settings.mail_url:
        values |= MAILBOX
        written += list(MAILBOX)
    _write(settings.file, {name: str(values[name]) for name in written if name not in outside})
    _line(desk, "settings", f"{settings.file} written; links begin with {values['public_url']}")


def _write(path: Path, values: dict[str, str]) -> None:
    """The settings' file with what each line is for, mode 0600, whole or not at all."""
    lines = ["# Settings of Guest Link. GUESTLINK_… in the environment overrules a line here.", ""]
    for name, value in values.items():
        lines += [f"# {HELP[name]}", f"{name} = {msgspec.json.encode(value).decode()}", ""]
    draft = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        draft.chmod(0o600)
        draft.write_text("\n".join(lines), "utf-8")
        draft.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> SettingsError:
    mend = "Run it as somebody who may write there, or set GUESTLINK_HOME to another folder."
    return SettingsError(f"{path} cannot be written: {error.strerror}.", setting="GUESTLINK_HOME", hint=mend)


def free_port(ports: Iterable[int] = PORTS) -> int:
    """The first of these that nobody listens on, else any free one."""
    for port in ports:
        if all(_is_free(family, port) for family in (socket.AF_INET, socket.AF_INET6)):
            return port
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return int(any_port.getsockname()[1])


def _is_free(family: socket.AddressFamily, port: int) -> bool:
    """Whether `localhost` has this port free; a machine without this family counts as free."""
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


# -- records ---------------------------------------------------------------------------------------
def _database(desk: Desk, ring: KeyRing, *, name: str, at: datetime) -> str:
    """The migrated database with its first user, who is a host of every property; returns the user's id."""
    settings = desk.settings
    database = open_database(settings.database_url, home=Path(settings.home))
    with database.write() as tx:
        there = tx.one("first_user") is not None
        user = houses.first_user(tx, ring, name=name, at=at)
        for house in properties(tx):
            if tx.one("membership", user_id=user, property_id=house.id) is None:
                tx.do("add_membership", user_id=user, property_id=house.id, role="host")
    database.close()
    _line(desk, "records", f"database {THERE}" if there else f"database made; {name} is its first user")
    return user


def _sample(desk: Desk, ring: KeyRing, sample: Sample, *, by: str, at: datetime) -> None:
    folder = desk.settings.content_folder / sample.slug
    _line(desk, "content", f"{folder} written" if _copy_content(folder) else f"{folder} {THERE}")
    with desk.database.read() as db:
        if db.one("property_by_slug", slug=sample.slug):
            _line(desk, "sample", f"{sample.slug} {THERE}")
            return
    content = read_property(folder, units=frozenset(sample.rooms), currency=sample.house.currency)
    words = leaks.tokens("\n".join(file.read_text("utf-8", "replace") for file in folder.rglob("*.md")))
    with desk.database.write() as tx:
        names = tuple(content.reveal)
        add_sample(tx, ring, sample, secrets=names, taken=words.__contains__, at=at, by=by)
    count = f"{len(sample.rooms)} rooms, {len(sample.stays)} stays around today"
    _line(desk, "sample", f"{sample.slug}: {count}, everybody invented, every code drawn just now")


def _copy_content(folder: Path) -> bool:
    """The sample's files as a whole or not at all; False when the folder is there."""
    if folder.exists():
        return False
    draft = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(PROGRAM / "content" / folder.name, draft)
        draft.rename(folder)
    except (OSError, shutil.Error) as error:
        told = f"The sample's files cannot be copied to {folder}: {error}."
        raise SettingsError(
            told, setting="content", hint="`publish.py init --empty` starts without it."
        ) from None
    return True


def _tell(desk: Desk, samples: Sequence[Sample]) -> None:
    with desk.database.read() as db:
        known = [house.slug for house in properties(db)]
    desk.say()
    if not known:
        desk.say("Next: `publish.py property add SLUG`, `publish.py unit add SLUG room-1`, then stays by")
        desk.say("`publish.py stay add` or `publish.py import`, then `publish.py publish`.")
        desk.say("Guest Link is set up and has no property yet.", style="bold")
        return
    desk.say("Next: `publish.py up` opens it on this machine; `publish.py publish` only makes the pages,")
    first = next((sample.first_look for sample in samples if sample.slug in known), "")
    link = f"`publish.py link {first}`" if first else "`publish.py link`"
    desk.say(f"and {link} then prints a guest's link.")
    verb = "is" if len(known) == 1 else "are"
    desk.say(f"Guest Link is set up; {', '.join(known)} {verb} ready to publish.", style="bold")
