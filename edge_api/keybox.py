"""Routes of the house for its secrets: a new value of a house, unit or stay; which there are, who set them.

Routes only. Staff set those of units, managers and hosts all. No answer holds a value.
"""

from collections.abc import Callable
from typing import Any, Final

from litestar import Response, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from edge_api import keychain, registers
from edge_api.counters import Asking, HouseCounter, answered, sent
from edge_api.keychain import NewValue, Secrets, SecretShown
from edge_api.openapi import told
from edge_api.tokens import Role
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.records import Property, Stay, Unit

Scope = tuple[Property, Unit | None, Stay | None]
SENDS: Final = {"value": "2580"}


def keybox_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    return [*_looking(counter), *_setting(counter)]


def _looking(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @get(
        "/properties/{slug:str}/secrets",
        sync_to_thread=True,
        **told(
            "Secrets that have a value, without it: whose, since when, by whom.",
            name="listSecrets",
            gives={200: (Secrets, None)},
            refuses=(404,),
        ),
    )
    def every(request: Asking, slug: FromPath[str]) -> Response[bytes]:
        caller, at = counter.caller(request), counter.at()
        return answered(counter.told(lambda db, ring: keychain.secrets_of(db, ring, caller.id, slug, at=at)))

    @get(
        "/properties/{slug:str}/secrets/{secret:str}/history",
        sync_to_thread=True,
        **told(
            "When a secret was set and by whom, the newest first; never a value.",
            name="getSecretHistory",
            gives={200: (Secrets, None)},
            refuses=(404,),
        ),
    )
    def history(request: Asking, slug: FromPath[str], secret: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(
            counter.told(lambda db, ring: keychain.history_of(db, ring, caller.id, slug, name=secret))
        )

    return [every, history]


def _setting(counter: HouseCounter) -> list[HTTPRouteHandler]:
    @put("/properties/{slug:str}/secrets/{secret:str}", sync_to_thread=True, **_described("House"))
    def of_house(
        request: Asking, slug: FromPath[str], secret: FromPath[str], body: RawBody
    ) -> Response[bytes]:
        def scope(db: Reading, caller: str) -> Scope:
            return registers.property_named(db, caller, slug), None, None

        return _set(counter, request, body, name=secret, scope=scope, least="manager")

    @put(
        "/properties/{slug:str}/units/{unit:str}/secrets/{secret:str}",
        sync_to_thread=True,
        **_described("Unit"),
    )
    def of_unit(
        request: Asking, slug: FromPath[str], unit: FromPath[str], secret: FromPath[str], *, body: RawBody
    ) -> Response[bytes]:
        def scope(db: Reading, caller: str) -> Scope:
            house = registers.property_named(db, caller, slug)
            return house, keychain.unit_named(db, house, unit), None

        return _set(counter, request, body, name=secret, scope=scope, least="staff")

    @put("/stays/{stay_id:str}/secrets/{secret:str}", sync_to_thread=True, **_described("Stay"))
    def of_stay(
        request: Asking, stay_id: FromPath[str], secret: FromPath[str], body: RawBody
    ) -> Response[bytes]:
        def scope(db: Reading, caller: str) -> Scope:
            stay = registers.stay_of(db, caller, stay_id)
            return registers.house_of(db, stay.property_id), None, stay

        return _set(counter, request, body, name=secret, scope=scope, least="manager")

    return [of_house, of_unit, of_stay]


def _described(what: str) -> dict[str, Any]:
    return told(
        f"A new value of a secret of a {what.lower()}, from now on; pages follow.",
        name=f"setSecretOf{what}",
        takes=NewValue,
        sends=SENDS,
        gives={200: (SecretShown, None)},
        refuses=(404, 409, 413, 415, 422),
    )


def _set(
    counter: HouseCounter,
    request: Asking,
    body: bytes,
    *,
    name: str,
    scope: Callable[[Reading, str], Scope],
    least: Role,
) -> Response[bytes]:
    caller, new = counter.caller(request, least), sent(request, body, NewValue)

    def verb(tx: Writing, ring: KeyRing) -> SecretShown:
        house, unit, stay = scope(tx, caller.id)
        return keychain.set_value(
            tx,
            ring,
            house,
            name=name,
            told=new,
            at=counter.at(),
            by=caller.by,
            unit=unit,
            stay=stay,
        )

    return answered(counter.done(verb))
