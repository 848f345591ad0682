"""People over HTTP: who there is, their chats, and what they do. Handlers only."""

import msgspec

from edge_api.sandbox.people import Number, Person
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.speaking import change_number, find_signal, prefer, read, renew_identity, speak
from edge_api.sandbox.wire import Request
from edge_api.sandbox.world import World


class Roster:
    """The handlers of /sandbox/people."""

    def __init__(self, world: World) -> None:
        self._world = world

    def all(self, _: Request) -> list[Json]:
        return [summary_of(self._world, person) for person in self._world.people.values()]

    def add(self, request: Request) -> Json:
        """`{"name": …, "phone": …}`; without phone they are known by their user id alone."""
        asked = request.json()
        if not str(asked.get("name", "")).strip():
            raise ValueError("name is needed")
        known = {
            name: str(asked[name]) for name in ("phone", "role", "user_id", "username") if asked.get(name)
        }
        person = self._world.add_person(str(asked["name"]).strip()[:100], **known)
        self._change(
            person, {name: value for name, value in asked.items() if name not in {"name", *known, "phone"}}
        )
        self._world.moved()
        return summary_of(self._world, person)

    def change(self, request: Request) -> Json:
        person = self._person(request)
        self._change(person, request.json())
        self._world.moved()
        return summary_of(self._world, person)

    def _change(self, person: Person, asked: Json) -> None:
        kinds = {"on_whatsapp": bool, "online": bool, "reads": bool, "failing": int, "name": str, "role": str}
        for name, value in asked.items():
            if name not in kinds:
                raise ValueError(f"{name} is none of {', '.join(kinds)}")
            setattr(person, name, msgspec.convert(value, kinds[name]))
        if asked.get("online"):
            find_signal(self._world, person)

    def chat(self, request: Request) -> Json:
        """A chat as the phone shows it."""
        chat = self._world.chat(number_of(self._world, request), self._person(request))
        at = self._world.clock.now()
        return {
            "person": self._person(request).told(),
            "number": number_of(self._world, request).told(),
            "bubbles": [bubble.told() for bubble in chat.bubbles],
            "typing": chat.typing_until > at,
            "window_until": chat.window_until() or None,
            "now": at,
            "position": self._world.position,
        }

    def speak(self, request: Request) -> Json:
        return speak(
            self._world, self._person(request), number_of(self._world, request), request.json()
        ).told()

    def read(self, request: Request) -> Json:
        return {"read": read(self._world, self._person(request), number_of(self._world, request))}

    def prefer(self, request: Request) -> Json:
        stops = request.json().get("marketing") != "resume"
        prefer(self._world, self._person(request), number_of(self._world, request), stops=stops)
        return self._person(request).told()

    def change_number(self, request: Request) -> Json:
        change_number(
            self._world, self._person(request), number_of(self._world, request), str(request.json()["phone"])
        )
        return self._person(request).told()

    def renew_identity(self, request: Request) -> Json:
        renew_identity(self._world, self._person(request), number_of(self._world, request))
        return self._person(request).told()

    def _person(self, request: Request) -> Person:
        return self._world.people[request.parts["id"]]


def number_of(world: World, request: Request) -> Number:
    """Which business number is meant: `?number=`, else the first. Raises KeyError."""
    wanted = request.query.get("number", "")
    found = world.number(wanted)
    if found is None:
        raise KeyError(f"number {wanted}")
    return found


def summary_of(world: World, person: Person) -> Json:
    """A person, how much they have not read, and the last message."""
    mine = [chat for (_, person_id), chat in world.chats.items() if person_id == person.id]
    last = max(
        (chat.bubbles[-1] for chat in mine if chat.bubbles), key=lambda bubble: bubble.at, default=None
    )
    return person.told() | {
        "unread": sum(chat.unread for chat in mine),
        "last": last.told() if last else None,
    }
