"""The Business Management side of Graph: templates and their review, numbers, subscriptions, tokens."""

from collections.abc import Callable
from functools import partial

from edge_api.sandbox.graph import MANAGEMENT, MESSAGING, Graph, page_of
from edge_api.sandbox.quality import decide, set_status
from edge_api.sandbox.refusals import Json, Refusal, missing, no_such_object
from edge_api.sandbox.templates import read_template
from edge_api.sandbox.wire import Answer, Request, Routes

MOST_TEMPLATES = 250  # of an account that is not verified
SAME_LANGUAGE = 2388024  # subcode: content in this language exists already


def graph_routes(graph: Graph, routes: Routes) -> None:
    """Every Graph route of the sandbox."""
    office = Office(graph)
    routes.add("POST", "/{id}/messages", graph.messages)
    routes.add("POST", "/{id}/marketing_messages", graph.messages)
    routes.add("POST", "/{id}/media", graph.guarded(graph.upload, MESSAGING, "media"))
    routes.add("GET", "/media/{id}", graph.fetch_media)
    jobs = (
        ("POST", "/{id}/message_templates", office.create, "templates"),
        ("GET", "/{id}/message_templates", office.list, "templates"),
        ("DELETE", "/{id}/message_templates", office.delete, "templates"),
        ("POST", "/{id}/unpause", office.unpause, "templates"),
        ("GET", "/{id}/phone_numbers", office.numbers, "any"),
        ("GET", "/{id}/subscribed_apps", office.subscribed, "any"),
        ("DELETE", "/{id}/subscribed_apps", office.unsubscribe, "any"),
        ("GET", "/{id}/subscriptions", office.subscriptions, "any"),
        ("POST", "/{id}/register", partial(office.register, registered=True), "any"),
        ("POST", "/{id}/deregister", partial(office.register, registered=False), "any"),
        ("POST", "/{id}/uploads", office.begin_upload, "any"),
        ("GET", "/debug_token", office.debug_token, "any"),
        ("POST", "/{id}/subscriptions", office.subscribe_app, "any"),
        ("POST", "/{id}/subscribed_apps", office.subscribe_waba, "any"),
        ("POST", "/{id}", office.change_object, "any"),
    )
    routes.add("GET", "/oauth/access_token", office.app_token)
    for method, path, job, on in jobs:
        routes.add(method, path, graph.guarded(job, MANAGEMENT, on))
    routes.add("GET", "/{id}", graph.guarded(graph.get_object, "", "media"))
    routes.add("DELETE", "/{id}", graph.guarded(graph.delete_object, MESSAGING, "media"))


class Office:
    """The handlers, on what Graph holds."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._world = graph, graph.world

    # -- templates ---------------------------------------------------------------------------------
    def create(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        world = self._world
        if len(world.templates) >= MOST_TEMPLATES:
            raise Refusal(100, f"An account has at most {MOST_TEMPLATES} templates.", subcode=2388019)
        made = read_template(request.json(), str(world.chance.randrange(10**14, 10**15)))
        if world.template(made.name, made.language):
            told = f"There is already {made.language} content for this template."
            raise Refusal(100, told, message="(#100) Invalid parameter", subcode=SAME_LANGUAGE)
        world.templates[made.id] = made
        world.agenda.after(world.settings.review_after, partial(decide, world, made))
        world.moved()
        return Answer.json({"id": made.id, "status": made.status, "category": made.category})

    def list(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        asked = {name: request.query.get(name) for name in ("name", "status", "language", "category")}
        rows = [
            each.told()
            for each in self._world.templates.values()
            if all(value is None or getattr(each, name) == value for name, value in asked.items())
        ]
        told = page_of(rows, request)
        if "summary" in request.query:
            count = len(self._world.templates)
            told["summary"] = {
                "total_count": count,
                "message_template_count": count,
                "message_template_limit": MOST_TEMPLATES,
                "are_translations_complete": True,
            }
        return Answer.json(told)

    def delete(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        name, template_id = request.query.get("name"), request.query.get("hsm_id")
        if not name:
            raise missing("name")
        world = self._world
        gone = [
            each.id
            for each in world.templates.values()
            if each.name == name and template_id in {None, each.id}
        ]
        if not gone:
            raise Refusal(100, f"There is no template {name!r}.", subcode=2593002)
        for found in gone:
            del world.templates[found]
        world.moved()
        return Answer.json({"success": True})

    def unpause(self, request: Request) -> Answer:
        found = self._world.templates.get(request.parts["id"])
        if found is None:
            raise no_such_object("post", request.parts["id"])
        if found.status != "PAUSED":
            return Answer.json({"success": False, "reason": "The template is not paused."})
        set_status(self._world, found, "APPROVED")
        return Answer.json({"success": True})

    # -- numbers and subscriptions -----------------------------------------------------------------
    def numbers(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        return Answer.json(page_of([each.told() for each in self._world.account.numbers.values()], request))

    def register(self, request: Request, *, registered: bool) -> Answer:
        number = self._graph.number_of(request)
        if registered and not (
            str(request.json().get("pin", "")).isdigit() and len(str(request.json()["pin"])) == 6
        ):
            raise Refusal(100, "Param pin must be six digits.")
        number.registered = registered
        return Answer.json({"success": True})

    def subscribed(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        account = self._world.account
        told: Json = {"whatsapp_business_api_data": {"id": account.app_id, "name": "Sandbox", "link": ""}}
        if account.waba_callback:
            told["override_callback_uri"] = account.waba_callback
        return Answer.json({"data": [told] if account.subscribed else []})

    def unsubscribe(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        self._world.account.subscribed = False
        return Answer.json({"success": True})

    def subscriptions(self, request: Request) -> Answer:
        account = self._world.account
        if request.parts["id"] != account.app_id:
            raise no_such_object("get", request.parts["id"])
        told: Json = {"object": "whatsapp_business_account", "callback_url": account.callback, "active": True}
        told["fields"] = [{"name": name, "version": "v24.0"} for name in account.subscribed_fields]
        return Answer.json({"data": [told] if account.callback else []})

    def begin_upload(self, _: Request) -> Answer:
        """An example for a template's header: its bytes are taken and thrown away."""
        return Answer.json({"id": f"upload:{self._world.chance.randbytes(12).hex()}"})

    def debug_token(self, request: Request) -> Answer:
        account, token = self._world.account, request.query.get("input_token", "")
        is_valid = token in account.tokens and token not in account.expired
        told: Json = {"app_id": account.app_id, "type": "SYSTEM_USER", "is_valid": is_valid, "expires_at": 0}
        return Answer.json({"data": told | {"scopes": account.tokens.get(token, [])}})

    async def app_token(self, request: Request) -> Answer:
        account, asked = self._world.account, request.query
        if asked.get("client_id") != account.app_id or asked.get("client_secret") not in account.app_secrets:
            return self._graph.refused(Refusal(1, message="Error validating client secret."))
        token = f"{account.app_id}|{asked['client_secret']}"
        return Answer.json({"access_token": token, "token_type": "bearer"})

    async def subscribe_app(self, request: Request) -> Answer:
        """The webhook of the app: it is taken once it has echoed the challenge."""
        asked = request.query | {name: str(value) for name, value in request.json().items()}
        account = self._world.account
        if request.parts["id"] != account.app_id:
            raise no_such_object("post", request.parts["id"])
        return await self._verified(asked, "callback_url", self._take_webhook)

    async def subscribe_waba(self, request: Request) -> Answer:
        """Subscribes the app to the account; with an address of its own for the account, if one is given."""
        asked = {name: str(value) for name, value in request.json().items()} | request.query
        if "override_callback_uri" not in asked:
            return self._take_waba(request)
        return await self._verified(asked, "override_callback_uri", self._take_waba_webhook)

    async def change_object(self, request: Request) -> Answer:
        """POST /{id}: a number's own webhook, a template's new text, or bytes of an upload."""
        object_id = request.parts["id"]
        if object_id.startswith("upload:"):
            return Answer.json({"h": f"4::{self._world.chance.randbytes(16).hex()}"})
        number = self._world.account.numbers.get(object_id)
        if number is None:
            return self._edit_template(request)
        asked = request.json().get("webhook_configuration", {})
        if not isinstance(asked, dict) or not asked.get("override_callback_uri"):
            number.callback = ""
            return Answer.json({"success": True})
        take = partial(setattr, number, "callback", asked["override_callback_uri"])
        return await self._verified(asked, "override_callback_uri", lambda _: take())

    def _edit_template(self, request: Request) -> Answer:
        world, template_id = self._world, request.parts["id"]
        old = world.templates.get(template_id)
        if old is None:
            raise no_such_object("post", template_id)
        old_body: Json = {
            "name": old.name,
            "language": old.language,
            "category": old.category,
            "components": old.components,
        }
        made = read_template(old_body | request.json(), template_id)
        world.templates[template_id] = made
        world.agenda.after(world.settings.review_after, partial(decide, world, made))
        return Answer.json({"success": True, "id": made.id, "name": made.name, "category": made.category})

    async def _verified(
        self, asked: dict[str, str], name: str, take: Callable[[dict[str, str]], None]
    ) -> Answer:
        if not asked.get(name):
            raise missing(name)
        wrong = await self._world.deliveries.challenge(asked[name], asked.get("verify_token", ""))
        if wrong:
            told = f"(#2200) Callback verification failed with the following errors: {wrong}"
            raise Refusal(2200, message=told)
        take(asked)
        return Answer.json({"success": True})

    def _take_webhook(self, asked: dict[str, str]) -> None:
        account = self._world.account
        account.callback, account.verify_token = asked["callback_url"], asked.get("verify_token", "")
        account.subscribed_fields = [each for each in asked.get("fields", "").split(",") if each]

    def _take_waba_webhook(self, asked: dict[str, str]) -> None:
        self._world.account.waba_callback = asked["override_callback_uri"]
        self._world.account.subscribed = True

    def _take_waba(self, request: Request) -> Answer:
        self._graph.check_waba(request)
        self._world.account.subscribed, self._world.account.waba_callback = True, ""
        return Answer.json({"success": True})
