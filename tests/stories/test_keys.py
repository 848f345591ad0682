"""A change of the signing key: two are trusted at once, guests' links go on, the old key leaves last."""

from urllib.parse import urlsplit

import pytest

from generator.keys import add_key, pages_signed_with, retire_key, use_key
from guestlink import links
from guestlink.crypto import read_keys
from guestlink.errors import InvalidInput, Refused
from guestlink.settings import load_settings
from tests.guest import open_page
from tests.house import AT, DOOR, from_folder, link_of, make_home, opened, run_publish, three_stays


@pytest.fixture
def settings(tmp_path):
    settings = make_home(tmp_path)
    three_stays(settings)
    run_publish(settings)
    return settings


def accepted(settings, address: str) -> bool:
    """What CloudFront would say of a signed address, with the keys of the ring as its key group."""
    pems = {key.id: key.public_pem for key in read_keys(settings.keys_file).stored.signing_keys}
    parts = urlsplit(address)
    url = settings.public_url + parts.path
    return not links.refusal(url, parts.query, public_key_pem=pems.get, at=AT)


def test_a_sent_link_survives_a_rotation_and_pages_opened_before_it_still_load(settings):
    link = link_of(settings, "ANA")
    old_address = open_page(from_folder(settings), link).address
    old_key = settings.signing_key_id
    new = add_key(settings, read_keys(settings.keys_file), key_id="KNEW", at=AT)
    use_key(settings, read_keys(settings.keys_file), new.id, new_id="")
    settings = load_settings(settings.path("."), {})
    assert accepted(settings, old_address), "both keys are trusted"
    run_publish(settings)
    page = open_page(from_folder(settings), link)
    assert DOOR in page.codes
    assert "Key-Pair-Id=KNEW" in page.address
    assert accepted(settings, page.address)
    database, _ = opened(settings)
    retire_key(settings, read_keys(settings.keys_file), database, old_key)
    database.close()
    assert not accepted(settings, old_address)
    assert accepted(settings, page.address)


def test_a_key_that_live_pages_are_signed_with_is_never_forgotten(settings):
    old_key = settings.signing_key_id
    new = add_key(settings, read_keys(settings.keys_file), key_id="", at=AT)
    use_key(settings, read_keys(settings.keys_file), new.id, new_id="")
    settings = load_settings(settings.path("."), {})
    database, _ = opened(settings)
    with pytest.raises(Refused, match="live objects are signed"):
        retire_key(settings, read_keys(settings.keys_file), database, old_key)
    assert pages_signed_with(database, old_key) == 10
    with pytest.raises(Refused, match="signs the pages"):
        retire_key(settings, read_keys(settings.keys_file), database, new.id)
    database.close()


def test_a_third_key_has_to_wait(settings):
    add_key(settings, read_keys(settings.keys_file), key_id="", at=AT)
    with pytest.raises(Refused, match="two keys"):
        add_key(settings, read_keys(settings.keys_file), key_id="", at=AT)


def test_the_id_that_cloudfront_gave_can_be_told_later(settings):
    local = settings.signing_key_id
    assert (
        use_key(settings, read_keys(settings.keys_file), local, new_id="K2JCJMDEHXQW5F") == "K2JCJMDEHXQW5F"
    )
    settings = load_settings(settings.path("."), {})
    run_publish(settings)
    assert accepted(settings, open_page(from_folder(settings), link_of(settings, "ANA")).address)


def test_an_id_with_other_characters_is_refused(settings):
    with pytest.raises(InvalidInput, match="not a key id"):
        use_key(settings, read_keys(settings.keys_file), settings.signing_key_id, new_id="K&Policy=")
