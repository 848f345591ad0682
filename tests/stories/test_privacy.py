"""Nothing that names a guest or opens a door is readable in the target, the database or the logs, in any
phase.
"""

import logging
from datetime import timedelta

from generator.press import open_press
from generator.rebuilder import work_once
from guestlink.crypto import read_keys
from tests.guest import open_page, split
from tests.house import AT, PLANTED, from_folder, link_of, make_home, run_publish, three_stays


def readable(settings, words) -> list[str]:
    """Files below data/ (but the key ring) and planted words that stand in them."""
    found = []
    for path in settings.path("data").rglob("*"):
        if path.is_file() and path != settings.keys_file:
            body = path.read_bytes()
            found += [f"{path.name}: {word}" for word in words if word.encode() in body]
    return found


def test_planted_words_are_nowhere_in_clear_in_any_phase(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    settings = make_home(tmp_path)
    three_stays(settings)
    link = link_of(settings, "ANA")
    _, key = split(link)
    words = (*PLANTED, link.partition("#")[2], key.hex())
    run_publish(settings, at=AT - timedelta(days=20))
    press = open_press(settings)
    phases = set()
    for hours in range(-20 * 24, 12 * 24, 9):
        work_once(press, at=AT + timedelta(hours=hours))
        assert readable(settings, words) == [], f"{hours} hours from now"
        address = open_page(from_folder(settings), link)
        phases.add((bool(address.codes), "Anaplanted" in address.stay))
    press.database.close()
    assert phases == {(False, True), (True, True)}, "the story must pass through pages with and without codes"
    assert readable(settings, words) == []
    assert not any(word in caplog.text for word in words)


def test_control_a_planted_word_in_a_text_is_found(tmp_path):
    settings = make_home(tmp_path)
    three_stays(settings)
    run_publish(settings)
    (settings.path("data/site") / "leak.html").write_text(f"code {PLANTED[0]}")
    assert readable(settings, PLANTED) == [f"leak.html: {PLANTED[0]}"]


def test_the_key_ring_is_for_its_owner_alone(tmp_path):
    settings = make_home(tmp_path)
    assert settings.keys_file.stat().st_mode & 0o777 == 0o600
    assert repr(read_keys(settings.keys_file)) == "KeyRing(1 column keys, 1 signing keys)"
