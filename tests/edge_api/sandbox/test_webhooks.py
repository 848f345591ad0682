"""Webhooks: signed, read by pywa, repeated until 200, in batches, twice and out of order by seed."""

from itertools import pairwise

import pytest
from pywa import types
from pywa.types.message_status import MessageStatusType, PricingType

from tests.edge_api.sandbox.place import ANA, APP, NUMBER, WABA, App, Place, eventually, got, validator


def is_valid(app: App, at: int, *, secret: str = "sandbox-secret", body: bytes | None = None) -> bool:
    posted = app.posted[at]
    checked = posted.body if body is None else body
    return validator(secret).webhook_update_validator(update=checked, hmac_header=posted.signature) is None


# -- signatures ---------------------------------------------------------------------------------------
def test_pywa_finds_the_signature_right_and_a_changed_body_wrong(place, app):
    place.says("Grüße 🌊")
    got(app)
    assert is_valid(app, 0)
    assert not is_valid(app, 0, secret="another")
    assert not is_valid(app, 0, body=app.posted[0].body + b" ")


def test_a_new_secret_signs_from_then_on_retries_included(place, app):
    app.answers = [500]
    place.hold()
    place.says()
    eventually(lambda: len(app.posted) == 1)
    eventually(lambda: place.get("/sandbox/deliveries")["deliveries"][0]["tries"])
    place.patch("/sandbox/account", app_secrets=["new-secret", "sandbox-secret"])
    try:
        place.later("1s")
        eventually(lambda: len(app.posted) == 2)
        assert app.posted[0].body == app.posted[1].body
        assert is_valid(app, 0)
        assert is_valid(app, 1, secret="new-secret")
    finally:
        place.patch("/sandbox/account", app_secrets=["sandbox-secret"])


# -- statuses -----------------------------------------------------------------------------------------
def test_statuses_come_with_callback_data_price_and_user_id(place, app):
    place.says()
    place.get("/sandbox/state")
    sent = place.business().send_message(ANA, "Hello", tracker="outbox-9")
    eventually(lambda: place.status_of(sent.id) == "delivered")
    place.post("/sandbox/people/ana/reading")
    eventually(lambda: sorted(app.statuses(sent.id)) == ["delivered", "read", "sent"])
    by_status = {}
    for posted in app.posted:
        if posted.values("statuses"):
            status = types.MessageStatus.from_update(validator("x"), posted.json)
            by_status[status.status] = status
    assert {status.tracker for status in by_status.values()} == {"outbox-9"}
    assert by_status[MessageStatusType.SENT].conversation.expiration is not None
    assert by_status[MessageStatusType.DELIVERED].pricing.type == PricingType.REGULAR
    assert by_status[MessageStatusType.DELIVERED].pricing.billable
    raw = app.all("statuses")[0]
    assert raw["recipient_id"] == ANA
    assert raw["recipient_user_id"].startswith("GB.")


def test_without_a_signal_a_message_waits(place, app):
    place.says()
    place.patch("/sandbox/people/ana", online=False)
    sent = place.business().send_message(ANA, "Hello")
    eventually(lambda: app.statuses(sent.id) == ["sent"])
    place.hold()
    place.later("10h")
    assert place.status_of(sent.id) == "sent"
    place.patch("/sandbox/people/ana", online=True)
    eventually(lambda: app.statuses(sent.id) == ["sent", "delivered"])


def test_a_status_comes_once_and_never_goes_back(place, app):
    place.settings(delivered_after=5)
    place.says()
    place.hold()
    sent = place.business().send_message(ANA, "Hello")
    place.later("0s")
    place.patch("/sandbox/people/ana", online=True)  # arrives before its time; its time is still to come
    place.post("/sandbox/people/ana/reading")
    place.later("6s")
    assert place.status_of(sent.id) == "read"
    eventually(lambda: place.get("/sandbox/deliveries")["waiting"] == 0)
    assert sorted(app.statuses(sent.id)) == ["delivered", "read", "sent"]


# -- until 200 ----------------------------------------------------------------------------------------
def test_a_webhook_is_repeated_with_longer_waits_until_200(place, app):
    app.answers = [500, 404, 302, 201]
    place.hold()
    place.says()
    for tries, wait in ((1, 1), (2, 2), (3, 4), (4, 8)):
        eventually(lambda tries=tries: len(_delivery(place)["tries"]) == tries)
        place.later(f"{wait - 0.1}s")  # not yet: the times below would be other ones
        place.later("0.1s")
    eventually(lambda: _delivery(place)["state"] == "delivered")
    assert [tried["status"] for tried in _delivery(place)["tries"]] == [500, 404, 302, 201, 200]
    at = [tried["at"] for tried in _delivery(place)["tries"]]
    assert [round(later - earlier, 2) for earlier, later in pairwise(at)] == [1, 2, 4, 8]
    assert len({posted.body for posted in app.posted}) == 1
    assert place.get("/sandbox/deliveries")["waiting"] == 0


def test_a_webhook_survives_an_app_that_is_not_there(place, app):
    place.settings(retry_first=0.05)
    place.patch("/sandbox/account", callback="http://127.0.0.1:9/webhook")
    place.says()
    eventually(lambda: len(_delivery(place)["tries"]) >= 2)
    assert _delivery(place)["state"] == "waiting"
    assert _delivery(place)["tries"][0]["error"] == "ConnectError"


def test_after_seven_days_it_is_given_up(place, app):
    app.answers = [500] * 5
    place.hold()
    place.says()
    eventually(lambda: _delivery(place)["tries"])
    place.later("7d")
    eventually(lambda: _delivery(place)["state"] == "given up")


def test_an_old_body_can_be_posted_again(place, app):
    place.says()
    got(app)
    first = place.get("/sandbox/deliveries")["deliveries"][0]["id"]
    place.post(f"/sandbox/deliveries/{first}/repetition")
    eventually(lambda: len(app.posted) == 2)
    assert app.posted[0] == app.posted[1]


# -- batches, twice, out of order -----------------------------------------------------------------------
def test_a_batch_holds_many_updates_in_one_post(place, app):
    place.settings(batch=6, gather=3600)
    for at in range(3):
        place.says(f"Message {at}")
        place.says(f"Message {at}", who="mira")
    eventually(lambda: app.posted)
    (posted,) = app.posted
    assert [message["text"]["body"][-1] for message in posted.values("messages")] == list("001122")
    assert len(posted.values("contacts")) == 2
    assert is_valid(app, 0)


def test_a_batch_does_not_wait_for_ever(place, app):
    place.settings(batch=100, gather=30)
    place.hold()
    place.says()
    place.later("29s")
    assert app.posted == []
    place.later("1s")
    got(app)


def sequence(place: Place, app: App, seed: int) -> list[str]:
    """The texts in the order they came, under duplicates and disorder of that seed."""
    place.reset(seed=seed)
    place.hold()
    place.settings(duplicates=0.4, disorder=0.4, at_once=1)
    app.posted.clear()
    for at in range(20):
        place.says(str(at))
    eventually(
        lambda: len(place.get("/sandbox/deliveries", state="delivered")["deliveries"]) == len(app.posted)
    )
    place.later("1s")
    total = len(place.get("/sandbox/deliveries")["deliveries"])
    eventually(lambda: len(app.posted) == total)
    return [str(message["text"]["body"]) for message in app.all("messages")]


def test_duplicates_and_disorder_come_again_with_their_seed(place, app):
    first = sequence(place, app, seed=7)
    assert len(first) > 20
    assert set(first) == {str(at) for at in range(20)}
    assert list(dict.fromkeys(first)) != sorted(set(first), key=int)
    assert sequence(place, app, seed=7) == first
    assert sequence(place, app, seed=8) != first


# -- subscriptions ------------------------------------------------------------------------------------
def test_an_app_subscribes_by_answering_the_challenge(place, app):
    place.patch("/sandbox/account", callback="")
    api = place.business().api
    token = api.get_app_access_token(int(APP), "sandbox-secret")["access_token"]
    asked = {"app_id": int(APP), "access_token": token, "callback_url": app.url, "fields": ("messages",)}
    app.verify_token = "my-own"
    with pytest.raises(Exception, match="2200"):
        api.set_app_callback_url(**asked, verify_token="another")
    assert place.get("/sandbox/account")["callback"] == ""
    assert api.set_app_callback_url(**asked, verify_token="my-own") == {"success": True}
    place.says()
    got(app)
    place.http.put("/sandbox/people/ana/preference", json={"marketing": "stop"})
    assert place.get("/sandbox/deliveries")["dropped"] == 1
    place.patch("/sandbox/account", subscribed_fields=[])


def test_an_account_without_a_subscribed_app_sends_nothing(place, app):
    wa = place.business()
    headers = {"authorization": "Bearer sandbox-token"}
    assert place.http.delete(f"/v24.0/{WABA}/subscribed_apps", headers=headers).is_success
    place.says()
    assert place.get("/sandbox/deliveries") == {"deliveries": [], "waiting": 0, "dropped": 1}
    wa.api.set_waba_alternate_callback_url(WABA, app.url, "sandbox-verify")
    place.says()
    got(app)
    assert wa.api.get_waba_subscribed_apps(WABA)["data"][0]["override_callback_uri"] == app.url
    wa.api.delete_waba_alternate_callback_url(WABA)


def test_a_number_may_have_an_address_of_its_own(place, app):
    place.patch("/sandbox/account", callback="http://127.0.0.1:9/elsewhere")
    api = place.business().api
    api.set_phone_alternate_callback_url(app.url, "sandbox-verify", NUMBER)
    place.says()
    got(app)
    api.delete_phone_alternate_callback_url(NUMBER)


def _delivery(place: Place) -> dict[str, object]:
    found = place.get("/sandbox/deliveries")["deliveries"]
    return dict(found[0]) if found else {"tries": [], "state": ""}
