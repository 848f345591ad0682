"""`publish.py link`: the guest's link, its QR code, and a new one."""

import base64
import json
import re
import stat

import pytest

from generator.samples import harbour_house
from guestlink import links, records
from guestlink.crypto import PageSeal, guide_code_typed
from guestlink.records import find_stay
from guestlink.settings import load_settings, target_name

LINK = re.compile(r"http://localhost:\d+/w/[\w-]{22}#[\w-]{22}")


@pytest.fixture
def live(records_of, home):
    """Says that the gates of a stay lie on the target."""

    def put(name: str) -> None:
        with records_of().write() as tx:
            stay = find_stay(tx, name)
            for link in records.stay_links(tx, stay):
                row = {
                    "target": target_name(load_settings(home, {})),
                    "path": links.gate_path(link.slug),
                    "property_id": stay.property_id,
                    "stay_id": stay.id,
                    "kind": "gate",
                    "source_hash": "1",
                    "body_hash": "1",
                    "etag": "",
                    "parts": "{}",
                    "why": "test",
                    "changed_at": "2026-01-01T00:00:00.000Z",
                }
                tx.do_many("plan_page", [row])
                tx.do_many("page_live", [row])

    return put


@pytest.mark.parametrize("kind", ["reference", "code", "small code", "id"])
def test_a_stay_is_found_by_reference_code_and_id(in_sample, records_of, kind):
    with records_of().read() as db:
        stay = find_stay(db, harbour_house.FIRST_LOOK)
    names = {"reference": stay.reference, "code": stay.code, "small code": stay.code.lower(), "id": stay.id}
    answer = in_sample("link", names[kind])
    assert answer.code == 0
    assert LINK.fullmatch(answer.out.splitlines()[1])


def test_the_same_stay_gives_the_same_link(in_sample):
    assert in_sample("link", "HH-1009").out == in_sample("link", "HH-1009").out


def test_the_guide_code_is_told_with_the_address_where_it_is_typed(in_sample):
    answer = in_sample("link", "HH-1009")
    link, told = answer.out.splitlines()[1:3]
    key = base64.urlsafe_b64decode(link.partition("#")[2] + "==")
    address, _, code = told.partition(" with the guide code ")
    assert address == f"Without the link: {link.partition('/w/')[0]}/open"
    assert re.fullmatch(r"[0-9a-z]{5} [0-9a-z]{5}\.", code)
    assert guide_code_typed(code[:-1]) == PageSeal(key).guide_code
    assert json.loads(in_sample("link", "HH-1009", "--json").out)["links"][0]["guide_code"] == code[:-1]


def test_a_page_that_is_not_there_yet_is_told_with_the_command(in_sample, records_of):
    answer = in_sample("link", "HH-1009")
    with records_of().read() as db:
        code = find_stay(db, "HH-1009").code
    assert (
        answer.last
        == f"It is not live yet on file:data/site. `publish.py publish --stay {code}` puts it there."
    )


def test_a_page_that_is_there_is_told_with_the_target(in_sample, live):
    live("HH-1009")
    assert in_sample("link", "HH-1009").last == "It is live on file:data/site."


def test_a_link_of_a_cancelled_stay_says_what_its_guest_will_see(in_sample, live):
    live("HH-1018")
    assert "cancelled" in in_sample("link", "HH-1018").last


def test_a_link_whose_pages_are_over_is_told(in_sample):
    assert "pages are gone" in in_sample("link", "HH-1000").last


def test_a_renewed_link_is_another_one_and_the_old_is_replaced(in_sample, records_of, live):
    live("HH-1009")
    before = in_sample("link", "HH-1009").out.splitlines()[1]
    answer = in_sample("link", "HH-1009", "--renew")
    after = answer.out.splitlines()[1]
    assert LINK.fullmatch(after)
    assert after != before
    assert "replaced" in answer.out
    assert "not live yet" in answer.last
    assert in_sample("link", "HH-1009").out.splitlines()[1] == after
    with records_of().read() as db:
        found = records.stay_links(db, find_stay(db, "HH-1009"))
    assert [link.replaced_at is None for link in found] == [False, True]


def test_a_qr_code_is_written_for_scanners_and_for_its_owner_alone(in_sample, tmp_path):
    for name, begins in (("card.svg", b"<?xml"), ("card.PNG", b"\x89PNG")):
        path = tmp_path / name
        answer = in_sample("link", "HH-1009", "--qr", str(path))
        assert answer.code == 0
        assert path.read_bytes().startswith(begins)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert str(path) in answer.out


def test_a_qr_code_over_a_file_that_others_read_is_for_its_owner_alone(in_sample, tmp_path):
    path = tmp_path / "card.svg"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as held:  # whoever has the old file open does not read the new one
        assert in_sample("link", "HH-1009", "--qr", str(path)).code == 0
        assert held.read() == "old"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {file.name for pattern in ("card*", ".card*") for file in tmp_path.glob(pattern)} == {"card.svg"}


def test_a_qr_code_that_cannot_take_its_place_leaves_no_draft(in_sample, tmp_path):
    (tmp_path / "card.svg").mkdir()
    assert in_sample("link", "HH-1009", "--qr", str(tmp_path / "card.svg")).code == 2
    assert {file.name for pattern in ("card*", ".card*") for file in tmp_path.glob(pattern)} == {"card.svg"}


def test_the_qr_code_has_its_quiet_zone_and_holds_the_link(in_sample, tmp_path):
    """Version 5 has 37 modules; four at each side make 45, eight units wide each."""
    path = tmp_path / "card.svg"
    in_sample("link", "HH-1009", "--qr", str(path))
    text = path.read_text()
    size = re.search(r'width="(\d+)" height="(\d+)"', text)
    assert size
    assert int(size[1]) == int(size[2]) == (37 + 8) * 8
    assert "<path" in text


@pytest.mark.parametrize("name", ["card.pdf", "card", "card.svg.exe"])
def test_another_kind_of_picture_is_refused_before_anything_happens(in_sample, tmp_path, name, records_of):
    answer = in_sample("link", "HH-1009", "--renew", "--qr", str(tmp_path / name))
    assert answer.code == 2
    with records_of().read() as db:
        assert len(records.stay_links(db, find_stay(db, "HH-1009"))) == 1


def test_a_qr_code_that_cannot_be_written_is_told(in_sample, tmp_path):
    assert in_sample("link", "HH-1009", "--qr", str(tmp_path / "no/such/card.svg")).code == 2


def test_machines_get_links_with_their_state(in_sample):
    told = json.loads(in_sample("link", "HH-1009", "--json").out)
    assert LINK.fullmatch(told["links"][0]["link"])
    assert told["links"][0]["live"] is False
    assert told["links"][0]["role"] == "booker"


def test_an_unknown_stay_is_told(in_sample):
    answer = in_sample("link", "HH-9999")
    assert answer.code == 1
    assert "stay code" in answer.err
