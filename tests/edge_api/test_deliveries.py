"""One POST becomes single events: signed or not, split, each with a key that no batching changes."""

import hashlib
import hmac
import json
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_api import deliveries
from edge_api.deliveries import Single, Unreadable, is_signed, split
from edge_api.sandbox import hooks
from edge_api.sandbox.deliveries import sign
from edge_api.sandbox.hooks import Change
from edge_api.sandbox.people import Number, Person

NUMBER = Number("100000000000001", "+44 20 7946 0100", "Harbour House", "200000000000001")
OTHER_NUMBER = Number("100000000000002", "+44 20 7946 0101", "Mill House", "200000000000001")
ANA = Person("ana", "Ana", "GB.1001", "447700900101")
TOMAS = Person("tomas", "Tomas", "GB.1002")
SECRETS = ("the-new-one", "the-old-one")
AT = 1_793_000_000


def told(number: int, **more: object) -> dict[str, Any]:
    text = {"body": f"Hello {number}"}
    return {"id": f"wamid.{number}", "timestamp": str(AT + number), "type": "text", "text": text, **more}


def message(number: int, person: Person = ANA, at: Number = NUMBER) -> Change:
    return hooks.message_change(at, person, told(number))


def posted(*changes: Change, time: int = AT) -> bytes:
    """A POST as Meta sends it."""
    return json.dumps(hooks.body_of(list(changes), time), ensure_ascii=False).encode()


def change(field: str, value: object, *, time: int = AT) -> bytes:
    entry = {"id": "2", "time": time, "changes": [{"field": field, "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def keys(singles: list[Single]) -> list[str]:
    return [single.key for single in singles]


def in_it(single: Single) -> Any:
    return json.loads(single.body)


# -- signatures ------------------------------------------------------------------------------------
def test_a_body_counts_with_any_of_the_secrets_and_with_no_other() -> None:
    body = posted(message(1))
    assert [is_signed(body, sign(body, secret).encode(), SECRETS) for secret in (*SECRETS, "another")] == [
        True,
        True,
        False,
    ]


def test_a_changed_byte_is_noticed() -> None:
    body = posted(message(1))
    header = sign(body, SECRETS[0]).encode()
    assert not is_signed(body + b" ", header, SECRETS)
    assert not is_signed(body, header[:-1] + b"z", SECRETS)


@pytest.mark.parametrize("header", [b"", b"sha256=", b"sha1=00", "sha256=ü€".encode(), b"sha256=\xff\xfe"])
def test_a_header_that_is_no_signature_is_none_whatever_its_bytes(header: bytes) -> None:
    assert not is_signed(b"{}", header, SECRETS)


def test_without_a_secret_nothing_is_signed() -> None:
    assert not is_signed(b"", b"sha256=" + hmac.digest(b"", b"", "sha256").hex().encode(), ())


# -- single events ---------------------------------------------------------------------------------
def test_every_update_of_a_post_is_an_event_of_its_own_in_its_order() -> None:
    status = {"id": "wamid.9", "status": "read", "timestamp": "1", "recipient_id": ANA.phone}
    body = json.loads(posted(message(1), message(2, TOMAS), message(3, at=OTHER_NUMBER)))
    body["entry"].append(json.loads(change("messages", {"metadata": {}, "statuses": [status]}))["entry"][0])
    found = split(json.dumps(body).encode())
    assert keys(found) == ["message:wamid.1", "message:wamid.2", "message:wamid.3", "status:read:wamid.9"]
    assert [each.kind for each in found] == ["message"] * 3 + ["status"]
    assert [each.number_id for each in found] == [NUMBER.id, NUMBER.id, OTHER_NUMBER.id, ""]


def test_an_event_keeps_what_is_needed_to_understand_it_alone() -> None:
    first, second = split(posted(message(1), message(2, TOMAS)))
    for single, person, number in ((first, ANA, 1), (second, TOMAS, 2)):
        kept = in_it(single)
        assert (kept["field"], kept["id"], kept["time"]) == ("messages", NUMBER.waba_id, AT)
        assert kept["value"]["metadata"]["phone_number_id"] == NUMBER.id
        assert kept["value"]["contacts"] == [person.contact()]
        assert [each["id"] for each in kept["value"]["messages"]] == [f"wamid.{number}"]


def test_a_kept_event_is_compact_when_the_post_was() -> None:
    body = posted(message(1)).replace(b'": ', b'":').replace(b", ", b",")
    assert b": " not in split(body)[0].body
    assert b", " not in split(body)[0].body


def test_two_statuses_of_one_message_are_two_events() -> None:
    statuses = [{"id": "wamid.1", "status": each} for each in ("sent", "delivered", "sent")]
    found = split(change("messages", {"metadata": {}, "statuses": statuses}))
    assert keys(found) == ["status:sent:wamid.1", "status:delivered:wamid.1", "status:sent:wamid.1"]


def test_who_it_is_about_is_a_user_id_before_a_phone() -> None:
    assert [each.who for each in split(posted(message(1), message(2, TOMAS)))] == [ANA.user_id, TOMAS.user_id]
    value = {"metadata": {}, "messages": [told(1, **{"from": "447700900101"})]}
    assert split(change("messages", value))[0].who == "447700900101"
    with_contact = value | {"contacts": [{"wa_id": "447700900101", "user_id": "GB.1"}]}
    assert split(change("messages", with_contact))[0].who == "GB.1"


def test_the_only_contact_is_meant_when_nobody_is_named() -> None:
    value = {"metadata": {}, "contacts": [ANA.contact()], "messages": [told(1)]}
    single = split(change("messages", value))[0]
    assert (single.who, in_it(single)["value"]["contacts"]) == (ANA.user_id, [ANA.contact()])


def test_nobody_gets_the_contact_of_somebody_else() -> None:
    strangers = {"metadata": {}, "contacts": [ANA.contact()], "messages": [told(1), told(2, **{"from": "1"})]}
    assert [in_it(each)["value"].get("contacts") for each in split(change("messages", strangers))] == [
        None,
        None,
    ]


@settings(deadline=None)
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(1, 5)))
def test_keys_do_not_depend_on_how_events_were_batched(order: list[int], cuts: set[int]) -> None:
    changes = [
        message(1),
        message(2, TOMAS),
        message(3, at=OTHER_NUMBER),
        hooks.preference_change(NUMBER, ANA, stops=True, at=AT),
        hooks.preference_change(NUMBER, TOMAS, stops=True, at=AT),
        hooks.preference_change(NUMBER, ANA, stops=False, at=AT + 1),
    ]
    alone = {each.key for one in changes for each in split(posted(one, time=AT + 60))}
    shuffled = [changes[at] for at in order]
    edges = [0, *sorted(cuts), len(shuffled)]
    batches = [shuffled[begin:end] for begin, end in pairwise(edges)]
    batched = [each for batch in batches for each in split(posted(*batch))]
    assert {each.key for each in batched} == alone
    assert len(batched) == len(alone) == 6


def test_the_order_of_members_and_spaces_change_no_key() -> None:
    value = {"event": "FLAGGED", "current_limit": "TIER_250", "display_phone_number": "1"}
    backwards = dict(reversed(value.items()))
    there = [split(change("phone_number_quality_update", each)) for each in (value, backwards)]
    assert keys(there[0]) == keys(there[1])


def test_the_same_words_about_the_account_at_another_time_are_another_event() -> None:
    """A template that is paused a second time must not be taken for a repeat."""
    value = {"event": "PAUSED", "message_template_id": 1}
    first, again, later = (split(change("any", value, time=AT + more)) for more in (0, 0, 9))
    assert keys(first) == keys(again) != keys(later)


def test_a_list_inside_an_update_of_the_account_is_not_taken_apart() -> None:
    value = {"message_template_id": 1, "buttons": [{"text": "a"}, {"text": "b"}]}
    (single,) = split(change("message_template_components_update", value))
    assert in_it(single)["value"] == value


def test_lists_that_nobody_knows_are_kept_too() -> None:
    value = {"metadata": {"phone_number_id": "1"}, "errors": [{"code": 1}], "novelties": [{"a": 1}, 7]}
    found = split(change("messages", value))
    assert [each.kind for each in found] == ["other"] * 3
    assert [in_it(each)["value"].get("novelties") for each in found] == [None, [{"a": 1}], [7]]
    assert len({each.key for each in found}) == 3


def test_one_strange_update_harms_no_other() -> None:
    strange = [{"id": 7}, "x", None, {"id": "wamid.2", "from": {"a": []}}, []]
    value = {"metadata": {"phone_number_id": 5}, "contacts": [3, ANA.contact()]}
    found = split(change("messages", value | {"messages": [told(1), *strange, told(3)]}))
    assert len(found) == 7
    assert (found[0].key, found[-1].key) == ("message:wamid.1", "message:wamid.3")
    assert len({each.key for each in found}) == 7


@pytest.mark.parametrize("value", [7, None, "x", [1], {}, {"metadata": 1}])
def test_a_value_of_any_shape_is_an_event(value: object) -> None:
    (single,) = split(change("messages", value))
    assert (single.kind, in_it(single)["value"]) == ("other", value)


def test_a_number_id_is_digits_or_nothing() -> None:
    """It is kept in clear, so it can be nothing else."""
    for given_id in ("Ana", "1" * 33, "12\u0000", "١٢"):
        value = {"metadata": {"phone_number_id": given_id}, "messages": [told(1)]}
        assert split(change("messages", value))[0].number_id == ""


def test_what_an_event_shows_of_itself_hides_the_person() -> None:
    assert repr(split(posted(message(1)))[0]) == "Single(message, hidden)"


def test_no_updates_are_no_events() -> None:
    assert split(b'{"entry":[]}') == []


# -- limits ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"{}", b'{"entry":{}}', b'{"entry":[7]}', b'{"entry":[{"changes":[{}]}]}',
        b'{"entry":[]', b'"\xff"', b'{"entry":[],"a":"\xff"}',
        b'{"entry":[{"changes":[{"field":7,"value":1}]}]}',
    ],
)  # fmt: skip
def test_what_is_no_webhook_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        split(body)
    kept = deliveries.unreadable(body)
    assert (kept.kind, kept.body) == ("unreadable", body)
    assert kept.key == f"unreadable:{hashlib.sha256(body).hexdigest()}"


@pytest.mark.parametrize("depth", [33, 1_000, 100_000, 1_500_000])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_deep_nesting_is_unreadable_and_no_recursion(depth: int, pair: str) -> None:
    opening = "[" if pair == "[]" else '{"a":'
    deep = opening * min(depth, 1_500_000 // len(opening)) + "1" + pair[1] * depth
    with pytest.raises(Unreadable):
        split(b'{"entry":[],"a":' + deep.encode() + b"}")


def test_brackets_in_a_text_are_no_nesting() -> None:
    said = '[{"' * 50 + "\\" * 3 + "[" * 50
    assert len(split(change("messages", {"metadata": {}, "messages": [told(1, text={"body": said})]}))) == 1


def test_a_real_body_may_be_as_deep_as_meta_makes_them() -> None:
    deep: object = {"a": 1}
    for _ in range(20):
        deep = {"a": deep}
    assert len(split(change("account_update", deep))) == 1
    assert not deliveries.is_deep(b"[" * 16 + b"]" * 16 + b"[" * 32 + b"]" * 32)
    assert deliveries.is_deep(b"[" * 33 + b"]" * 33)


def test_texts_that_never_end_take_no_time() -> None:
    """Tried without possessive matches, this took minutes."""
    with pytest.raises(Unreadable):
        split(b'{"entry":' + b"[" * 40 + b'"\\' * 1_000_000)


def test_a_thousand_updates_are_split_in_one_go() -> None:
    people = [Person(f"p{at}", f"Guest {at}", f"GB.{at}", f"44770090{at:04d}") for at in range(1000)]
    shuffled = random.Random(4).sample(people, 1000)
    body = posted(*(message(at, person) for at, person in enumerate(shuffled)))
    found = split(body)
    assert [each.who for each in found] == [person.user_id for person in shuffled]
    assert all(in_it(each)["value"]["contacts"][0]["user_id"] == each.who for each in found)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for each in (body, b'{"entry":[{"changes":[{"field":"messages","value":' + body + b"}]}]}"):
        try:
            split(each)
        except Unreadable:
            continue
