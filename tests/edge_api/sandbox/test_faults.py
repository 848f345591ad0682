"""Trouble on order: lost answers, silence, codes, outages; a message went out or not, as the script says."""

import httpx
import pytest
from pywa import errors

from tests.edge_api.sandbox.place import ANA, MIRA, Place, eventually


def sent(place: Place) -> int:
    return sum(not bubble["mine"] for bubble in place.chat())


@pytest.fixture(autouse=True)
def _an_open_window(place: Place) -> None:
    place.says()


def test_a_lost_answer_leaves_the_message_sent(place, app):
    place.fault("lost", next=1)
    with pytest.raises(httpx.TransportError):
        place.business().send_message(ANA, "x", tracker="outbox-1")
    assert sent(place) == 1
    eventually(lambda: {each["biz_opaque_callback_data"] for each in app.all("statuses")} == {"outbox-1"})
    assert place.business().send_message(ANA, "y").id


def test_an_unanswered_request_is_sent_too(place):
    place.fault("unanswered", next=1)
    with pytest.raises(httpx.ReadTimeout):
        place.business(timeout=0.3).send_message(ANA, "x")
    assert sent(place) == 1


@pytest.mark.parametrize(("kind", "raised"), [("silent", httpx.ReadTimeout), ("cut", httpx.TransportError)])
def test_what_fails_before_leaves_nothing_sent(place, kind, raised):
    place.fault(kind, next=1)
    with pytest.raises(raised):
        place.business(timeout=0.3).send_message(ANA, "x")
    assert sent(place) == 0


@pytest.mark.parametrize(
    ("code", "raised", "status"),
    [
        (131000, errors.UnknownError, 500),
        (131016, errors.ServiceUnavailable, 503),
        (130429, errors.RateLimitHit, 400),
        (131048, errors.SpamRateLimitHit, 400),
        (368, errors.TemporarilyBlocked, 403),
        (131042, errors.BusinessPaymentIssue, 400),
        (80007, errors.RateLimitIssues, 400),
        (4, errors.ToManyAPICalls, 400),
        (131057, errors.AccountInMaintenanceMode, 503),
    ],
)
def test_any_code_can_be_ordered(place, code, raised, status):
    place.fault("error", code=code, next=2)
    for _ in range(2):
        with pytest.raises(raised) as refusal:
            place.business().send_message(ANA, "x")
        assert refusal.value.status_code == status
    assert sent(place) == 0
    assert place.business().send_message(ANA, "x").id


def test_a_bare_502_is_no_json(place):
    place.fault("status", status=502, next=1)
    with pytest.raises(errors.WhatsAppError) as refusal:
        place.business().send_message(ANA, "x")
    assert refusal.value.code == 502


def test_an_outage_ends_by_the_sandbox_s_clock(place):
    place.hold()
    place.fault("outage", seconds=30)
    with pytest.raises(errors.WhatsAppError):
        place.business().get_business_phone_number()
    place.later("29s")
    with pytest.raises(errors.WhatsAppError):
        place.business().send_message(ANA, "x")
    place.later("1s")
    assert place.business().send_message(ANA, "x").id


def test_a_slow_answer_comes_in_the_end(place):
    place.fault("slow", delay=0.4, next=1)
    with pytest.raises(httpx.ReadTimeout):
        place.business(timeout=0.1).send_message(ANA, "x")
    eventually(lambda: sent(place) == 1)
    place.fault("slow", delay=0.05, next=1)
    assert place.business().send_message(ANA, "x").id


def test_a_message_can_fail_later(place, app):
    place.fault("failed", code=131053, next=1)
    message = place.business().send_message(ANA, "x")
    eventually(lambda: app.statuses(message.id) == ["failed"])
    assert app.all("statuses")[-1]["errors"][0]["code"] == 131053


def test_everything_to_one_person_can_fail(place, app):
    place.patch("/sandbox/people/ana", failing=131049)
    message = place.business().send_message(ANA, "x")
    eventually(lambda: app.statuses(message.id) == ["failed"])


def test_a_fault_may_be_for_one_person(place):
    place.says(who="mira")
    place.fault("error", code=131000, person="mira")
    assert place.business().send_message(ANA, "x").id
    with pytest.raises(errors.UnknownError):
        place.business().send_message(MIRA, "x")


def pattern(place: Place, seed: int) -> str:
    place.reset(seed=seed)
    place.says()
    place.fault("error", code=131000, probability=0.5)
    return "".join(str(place.send(type="text", text={"body": "x"}).status_code)[0] for _ in range(30))


def test_chances_come_again_with_their_seed(place):
    first = pattern(place, 3)
    assert set(first) == {"2", "5"}
    assert pattern(place, 3) == first
    assert pattern(place, 4) != first


def test_faults_are_listed_counted_and_taken_back(place):
    made = place.fault("error", code=131000)
    with pytest.raises(errors.UnknownError):
        place.business().send_message(ANA, "x")
    (listed,) = place.get("/sandbox/faults")
    assert (listed["id"], listed["struck"]) == (made["id"], 1)
    assert place.http.delete(f"/sandbox/faults/{made['id']}").json() == []
    assert place.business().send_message(ANA, "x").id


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "rain"},
        {"kind": "error", "code": 7},
        {"kind": "lost", "on": "moon"},
        {"kind": "lost", "probability": 2},
        {"kind": "lost", "next": 0},
        {"kind": "lost", "nxt": 1},
    ],
)
def test_a_wrong_script_is_refused(place, wrong):
    assert place.http.post("/sandbox/faults", json=wrong).status_code == 400
    assert place.get("/sandbox/faults") == []


def test_media_and_templates_can_fail_on_their_own(place):
    place.fault("error", code=131016, on="media", next=1)
    wa = place.business()
    with pytest.raises(errors.ServiceUnavailable):
        wa.upload_media(b"%PDF", mime_type="application/pdf", filename="a.pdf")
    place.fault("error", code=2, on="templates", next=1)
    with pytest.raises(errors.WhatsAppError):
        wa.get_templates()
    assert wa.send_message(ANA, "x").id
