"""What tests, benches and the phone page move: state, people, clock, faults, deliveries, the log."""

import re
from collections.abc import Callable

import msgspec

from edge_api.sandbox.faults import Fault
from edge_api.sandbox.people import Number
from edge_api.sandbox.quality import decide, pause, set_status
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.roster import Roster, number_of, summary_of
from edge_api.sandbox.sayings import Unsaid
from edge_api.sandbox.settings import Settings
from edge_api.sandbox.wire import Answer, BadBody, Handler, Request, Routes
from edge_api.sandbox.world import World

SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*\Z")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
ACCOUNT_FIELDS = {
    "app_secrets": list[str], "tokens": dict[str, list[str]], "expired": list[str], "callback": str,
    "waba_callback": str, "verify_token": str, "subscribed": bool, "subscribed_fields": list[str],
}  # fmt: skip
STATUSES = ("APPROVED", "REJECTED", "PAUSED", "DISABLED", "PENDING")


def control_routes(world: World, routes: Routes) -> None:
    """Everything below /sandbox but the page."""
    desk, roster = Control(world), Roster(world)
    for method, path, job in (
        ("GET", "/sandbox/state", desk.state),
        ("POST", "/sandbox/reset", desk.reset),
        ("GET", "/sandbox/clock", desk.clock),
        ("POST", "/sandbox/clock", desk.move_clock),
        ("GET", "/sandbox/settings", desk.settings),
        ("PATCH", "/sandbox/settings", desk.change_settings),
        ("GET", "/sandbox/account", desk.account),
        ("PATCH", "/sandbox/account", desk.change_account),
        ("POST", "/sandbox/numbers", desk.add_number),
        ("GET", "/sandbox/people", roster.all),
        ("POST", "/sandbox/people", roster.add),
        ("PATCH", "/sandbox/people/{id}", roster.change),
        ("GET", "/sandbox/people/{id}/chat", roster.chat),
        ("POST", "/sandbox/people/{id}/messages", roster.speak),
        ("POST", "/sandbox/people/{id}/reading", roster.read),
        ("PUT", "/sandbox/people/{id}/preference", roster.prefer),
        ("PUT", "/sandbox/people/{id}/phone", roster.change_number),
        ("POST", "/sandbox/people/{id}/identity", roster.renew_identity),
        ("POST", "/sandbox/media", desk.put_media),
        ("GET", "/sandbox/media/{id}", desk.show_media),
        ("GET", "/sandbox/faults", desk.faults),
        ("POST", "/sandbox/faults", desk.add_fault),
        ("DELETE", "/sandbox/faults", desk.remove_faults),
        ("DELETE", "/sandbox/faults/{id}", desk.remove_faults),
        ("POST", "/sandbox/templates/{id}/status", desk.set_template),
        ("GET", "/sandbox/deliveries", desk.deliveries),
        ("POST", "/sandbox/deliveries/{id}/repetition", desk.repeat),
        ("GET", "/sandbox/log", desk.log),
    ):
        routes.add(method, path, _plain(job))


def _plain(job: Callable[[Request], object]) -> Handler:
    async def handle(request: Request) -> Answer:
        try:
            told = job(request)
        except Unsaid as reason:
            return Answer.json({"error": str(reason)}, 422)
        except KeyError as missing:
            return Answer.json({"error": f"There is no {missing}."}, 404)
        except (BadBody, ValueError, msgspec.ValidationError) as reason:
            return Answer.json({"error": str(reason)}, 400)
        return told if isinstance(told, Answer) else Answer.json(told)

    return handle


class Control:
    """The handlers. None of them asks for a token: the sandbox listens on this machine only."""

    def __init__(self, world: World) -> None:
        self._world = world

    # -- the whole ---------------------------------------------------------------------------------
    def state(self, _: Request) -> Json:
        world = self._world
        return {
            "position": world.position,
            "seed": world.seed,
            "clock": self.clock(_),
            "account": world.account.told(),
            "people": [summary_of(world, person) for person in world.people.values()],
            "templates": [each.told() for each in world.templates.values()],
            "faults": [msgspec.to_builtins(each) for each in world.faults.scripts],
            "media": len(world.media.media),
            "waiting": {"deliveries": world.deliveries.waiting, "agenda": world.agenda.waiting},
            "dropped": world.deliveries.dropped,
        }

    def reset(self, request: Request) -> Json:
        asked = request.json()
        self._world.reset(seed=asked.get("seed"), keep_account=asked.get("keep_account", True))
        return {"seed": self._world.seed}

    def clock(self, _: Request) -> Json:
        return {"now": self._world.clock.now(), "held": self._world.clock.is_held}

    def move_clock(self, request: Request) -> Json:
        """`{"advance": "25h"}`, `{"held": true}`, `{"held": false}`."""
        asked, clock = request.json(), self._world.clock
        if asked.keys() - {"advance", "held"}:
            raise ValueError("advance and held are what a clock knows")
        if asked.get("held"):
            clock.hold()
        elif "held" in asked:
            clock.let_go()
        if "advance" in asked:
            clock.advance(_seconds(asked["advance"]))
        self._world.agenda.run_due()
        self._world.agenda.wake()
        self._world.moved()
        return self.clock(request)

    def settings(self, _: Request) -> object:
        return msgspec.to_builtins(self._world.settings)

    def change_settings(self, request: Request) -> object:
        old = msgspec.to_builtins(self._world.settings)
        changed = msgspec.convert(old | request.json(), Settings)
        if mistake := changed.mistake():
            raise ValueError(mistake)
        self._world.adopt(changed)
        return msgspec.to_builtins(changed)

    def account(self, _: Request) -> Json:
        return self._world.account.told()

    def change_account(self, request: Request) -> Json:
        """Secrets (the first signs), tokens with their rights, webhook addresses, subscribed or not."""
        for name, value in request.json().items():
            if name not in ACCOUNT_FIELDS:
                raise ValueError(f"{name} is none of {', '.join(ACCOUNT_FIELDS)}")
            if name == "app_secrets" and not value:
                raise ValueError("app_secrets needs one at least")
            setattr(self._world.account, name, msgspec.convert(value, ACCOUNT_FIELDS[name]))
        return self._world.account.told()

    def add_number(self, request: Request) -> Json:
        asked, account = request.json(), self._world.account
        number_id = str(asked.get("id") or 100000000000001 + len(account.numbers))
        made = Number(number_id, str(asked["display"]), str(asked.get("name", "Sandbox")), account.waba_id)
        account.numbers[number_id] = made
        self._world.moved()
        return made.told()

    # -- media --------------------------------------------------------------------------------------
    def put_media(self, request: Request) -> Json:
        """A file that a person is about to send: the body, its content type, `?filename=`."""
        number = number_of(self._world, request)
        kind = request.headers.get("content-type", "application/octet-stream")
        name = request.query.get("filename", "")
        made = self._world.media.receive(
            number.id, kind, request.body, filename=name, at=self._world.clock.now()
        )
        return {"id": made.id, "mime_type": made.mime_type, "sha256": made.sha256}

    def show_media(self, request: Request) -> Answer:
        """The file itself, for the phone page. It never runs as a document."""
        found = self._world.media.media[request.parts["id"]]
        headers = {"content-type": found.mime_type, "x-content-type-options": "nosniff"}
        return Answer(found.body, 200, headers | {"content-security-policy": "default-src 'none'; sandbox"})

    # -- trouble -----------------------------------------------------------------------------------
    def faults(self, _: Request) -> list[object]:
        return [msgspec.to_builtins(each) for each in self._world.faults.scripts]

    def add_fault(self, request: Request) -> object:
        asked = msgspec.convert(request.json(), Fault)
        if mistake := asked.mistake():
            raise ValueError(mistake)
        return msgspec.to_builtins(self._world.faults.add(asked, self._world.clock.now()))

    def remove_faults(self, request: Request) -> list[object]:
        which = request.parts.get("id")
        self._world.faults.remove(int(which) if which else None)
        return self.faults(request)

    def set_template(self, request: Request) -> Json:
        """Plays review and quality: APPROVED, REJECTED with a reason, PAUSED (three hours, six, the end)."""
        template, asked = self._world.templates[request.parts["id"]], request.json()
        status = asked.get("status")
        if status not in STATUSES:
            raise ValueError(f"status is one of {', '.join(STATUSES)}")
        if status == "PAUSED":
            pause(self._world, template)
        elif status == "PENDING":
            template.status = "PENDING"
            decide(self._world, template)
        else:
            set_status(self._world, template, status, reason=str(asked.get("reason", "NONE")))
        return template.told()

    # -- what happened -----------------------------------------------------------------------------
    def deliveries(self, request: Request) -> Json:
        """Webhooks with every try; `?state=waiting`, `?since=<id>`."""
        kept = self._world.deliveries.kept
        state, since = request.query.get("state"), int(request.query.get("since", 0))
        shown = [each.told() for each in kept if each.id > since and state in {None, each.state}]
        return {
            "deliveries": shown,
            "waiting": self._world.deliveries.waiting,
            "dropped": self._world.deliveries.dropped,
        }

    def repeat(self, request: Request) -> Json:
        made = self._world.deliveries.repeat(int(request.parts["id"]))
        if made is None:
            raise KeyError(f"delivery {request.parts['id']}")
        return made.told()

    def log(self, request: Request) -> Json:
        """Counts, violations, worst seconds and pairs; the last `?entries=` lines."""
        log, last = self._world.log, int(request.query.get("entries", 1000))
        ways = [entry["way"] for entry in log]
        counted = {way: ways.count(way) for way in ("in", "out", "status", "refused")}
        return {"counted": counted, **self._world.pace.told(), "entries": list(log)[-last:] if last else []}


def _seconds(span: object) -> float:
    """`90`, `"25h"`, `"90m"`, `"2d"`."""
    found = SPAN.match(str(span))
    if not found:
        raise ValueError("advance is a number of seconds, or 30s, 90m, 25h, 2d")
    return float(found[1]) * SECONDS[found[2]]
