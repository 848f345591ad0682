"""`publish.py up`: everything on this machine: set up, publish, serve, work, and a guest's link to open."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from urllib.parse import urlsplit

import httpx

from generator.commands.init import configure_samples
from generator.sample import SAMPLES
from generator.samples.plans import Sample
from generator.tour import Stop, stops
from guestlink import clock
from guestlink.errors import InvalidInput, Outage
from guestlink.settings import PROGRAM, Settings
from guestlink.terminal import Desk

FIRST_OF_STAFF = SAMPLES[0].staff[0][0]
PATIENCE_SECONDS = 60.0  # a small machine with other things to do
SECONDS_TO_END = 30.0  # `work` lets a message that is under way come to its end


def configure(parser: argparse.ArgumentParser) -> None:
    configure_samples(parser)


def run(args: argparse.Namespace, desk: Desk) -> int:
    if not desk.settings.file.exists():
        only = [word for slug in args.sample or () for word in ("--sample", slug)]
        _step("init", *(["--empty"] if args.empty else only), desk=desk)
        desk = Desk(desk.home)
    _refuse_taken_ports(desk)
    _people(desk)
    _step("publish", desk=desk)
    port = urlsplit(desk.settings.public_url).port or 80
    processes = [_start("serve", "--preview", "--port", str(port), desk=desk)]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _wait_for(f"{desk.settings.public_url}/api/health/ready", processes, what="local edge")
        sandbox = sandbox_url(desk.settings)
        if sandbox:
            processes.append(_sandbox(desk, sandbox))
            _wait_for(f"{sandbox}/sandbox/state", processes, what="sandbox")
            _phones(desk, sandbox)
        processes.append(_start("work", desk=desk))
        if sandbox:
            _templates(desk)
        _tell(desk)
        return _watch_over(desk, processes)
    finally:
        _end(processes)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, str(PROGRAM / "publish.py"), *words]


def _step(*words: str, desk: Desk, is_quiet: bool = False) -> None:
    """Runs a command to its end and stops here when it failed; its own words told why."""
    out = subprocess.DEVNULL if is_quiet else None
    code = subprocess.run(_command(words), env=_environment(desk), stdout=out, check=False).returncode
    if code:
        raise Outage(f"`publish.py {words[0]}` failed.", hint="Mend what it says above and start again.")


def _start(*words: str, desk: Desk) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(_command(words), env=_environment(desk), stdout=subprocess.DEVNULL)


def _environment(desk: Desk) -> dict[str, str]:
    return {**os.environ, "GUESTLINK_HOME": str(desk.home)}


def _refuse_taken_ports(desk: Desk) -> None:
    """Asked before anything starts: whoever has a port would answer in our place."""
    wanted = {"public_url": desk.settings.public_url, "whatsapp_url": sandbox_url(desk.settings)}
    for setting, url in wanted.items():
        if not url:
            continue
        port = urlsplit(url).port or 80
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("localhost", port))
            except OSError as error:
                mend = f"Stop what listens there, or set {setting} in {desk.settings.file} to another port."
                raise InvalidInput(f"Port {port} cannot be used: {error.strerror}.", hint=mend) from None


def _wait_for(address: str, processes: Sequence["subprocess.Popen[bytes]"], *, what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and all(process.poll() is None for process in processes):
        try:
            if httpx.get(address, timeout=2).is_success and all(each.poll() is None for each in processes):
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise Outage(f"The {what} does not answer.", hint="Is its port free? `publish.py serve` says more.")


# -- WhatsApp on this machine ----------------------------------------------------------------------
def sandbox_url(settings: Settings) -> str:
    """Where the sandbox is to listen; empty when messages go to Meta or nowhere."""
    there = urlsplit(settings.whatsapp_url)
    return settings.whatsapp_url if settings.speaks_whatsapp and there.hostname == "localhost" else ""


def _sandbox(desk: Desk, url: str) -> "subprocess.Popen[bytes]":
    """The test phones. What signs webhooks goes by the environment: others can read a command line."""
    settings = desk.settings
    words = ["--port", str(urlsplit(url).port or 80), "--number-id", settings.whatsapp_number_id]
    words += ["--webhook", f"{settings.public_url}/api/webhooks/whatsapp"]
    secrets = {
        "SANDBOX_TOKEN": settings.whatsapp_token,
        "SANDBOX_APP_SECRET": settings.app_secrets[0] if settings.app_secrets else "",
        "SANDBOX_VERIFY_TOKEN": settings.whatsapp_verify_token,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "edge_api.sandbox", *words],
        env={**_environment(desk), **secrets},
        cwd=PROGRAM,
        stdout=subprocess.DEVNULL,
    )


def _people(desk: Desk) -> None:
    """The staff of the houses to try, so that somebody hears of what their guests ask."""
    with desk.database.read() as db:
        if not sandbox_url(desk.settings) or db.all("user_tokens_of_kind", kind="phone"):
            return
    for sample in _to_try(desk):
        for name, phone, role in sample.staff:
            words = ("--phone", phone, "--property", sample.slug, "--role", role)
            _step("staff", "add", name, *words, desk=desk, is_quiet=True)


def _to_try(desk: Desk) -> list[Sample]:
    """Those of the houses to try that are here."""
    with desk.database.read() as db:
        return [sample for sample in SAMPLES if db.one("property_by_slug", slug=sample.slug)]


def _templates(desk: Desk) -> None:
    """Hands the message templates in and waits for the sandbox's quick review, as it is told by webhook."""
    _step("templates", "submit", desk=desk, is_quiet=True)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with desk.database.read() as db:
            if not db.all("templates_in_review"):
                return
        time.sleep(0.1)


def _phones(desk: Desk, url: str) -> None:
    """A phone in the sandbox for everybody on the staff who has none there yet."""
    known = {str(each["phone"]) for each in httpx.get(f"{url}/sandbox/people", timeout=5).json()}
    for name, phone, _ in (each for sample in _to_try(desk) for each in sample.staff):
        if phone.strip("+").replace(" ", "") not in known:
            person = {"name": name.partition(" ")[0], "phone": phone, "role": "staff"}
            httpx.post(f"{url}/sandbox/people", json=person, timeout=5)


def _tell(desk: Desk) -> None:
    with desk.database.read() as db:
        shown = stops(db, desk.ring, desk.settings, at=clock.now())
    desk.say()
    for stop in shown:
        _tell_stop(desk, stop)
    if not shown:
        desk.say("No stay has a page yet. Add one: `publish.py stay add PROPERTY --arrival … --departure …`")
    home = "" if desk.home == PROGRAM else f"GUESTLINK_HOME={desk.home} "
    python = f"{home}{os.path.relpath(sys.executable)} {os.path.relpath(PROGRAM / 'publish.py')}"
    if sandbox := sandbox_url(desk.settings):
        desk.say("Test phones of guests and staff. Write “late check-out please” as Ana, accept as Mira:")
        desk.say(f"  {sandbox}", style="cyan")
    if board := _board(desk):
        desk.say(f"The staff board, to sign in as {FIRST_OF_STAFF} once:")
        desk.say(f"  {board}", style="cyan")
    if desk.settings.mail_url.startswith("file:"):
        desk.say("E-mails of the house, one file each; nothing leaves this machine:")
        desk.say(f"  {desk.settings.path(desk.settings.mail_url.removeprefix('file:'))}", style="cyan")
    desk.say()
    desk.say("Next, in a second terminal:")
    for words, why in (
        ("status", "what is live and what waits"),
        ("import stays.csv --property harbour-house --dry-run", "your own stays"),
        ("watch", "edit a file in content/, save it, look at the open page"),
        ("requests", "what guests ask for, and your answers"),
        ("link REFERENCE --qr card.svg", "a guest's link to send or print"),
    ):
        desk.say(f"  {python} {words:<52} {why}")
    desk.say()
    desk.say(f"Guest Link is up at {desk.settings.public_url}. Ctrl-C stops it.", style="bold")


def _board(desk: Desk) -> str:
    """A link that signs somebody of the first house to try in; nothing where nobody has that name."""
    words = _command(["staff", "link", FIRST_OF_STAFF])
    done = subprocess.run(words, env=_environment(desk), capture_output=True, text=True, check=False)
    return next((word for word in done.stdout.split() if "#in=" in word), "")


def _tell_stop(desk: Desk, stop: Stop) -> None:
    desk.say(f"{stop.words}")
    desk.say(f"  {stop.link}", style="cyan")


def _watch_over(desk: Desk, processes: Sequence["subprocess.Popen[bytes]"]) -> int:
    """Waits until somebody stops it or a process ends by itself."""
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    desk.warn("A process ended by itself; everything is stopped.")
    return 1


def _end(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
