"""`publish.py init` makes what is needed to start, and never touches what is there."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

from generator.commands.init import PORTS, free_port
from guestlink import houses, records
from guestlink.crypto import read_keys
from guestlink.settings import load_settings
from tests.house import ROOT

ONE = ("--sample", "harbour-house")


def files_of(home: Path) -> dict[str, bytes]:
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and "guestlink.db" not in path.name
    }


def test_settings_and_keys_are_for_the_hosts_eyes_only(say, home):
    for name in ("data/guestlink.toml", "data/keys/keyring.json"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_the_settings_work_as_they_are_written(say, home):
    settings = load_settings(home, {})
    ring = read_keys(settings.keys_file)
    assert ring.signing_key(settings.signing_key_id)
    assert settings.public_url.startswith("http://localhost:")
    assert settings.site_url == "file:data/site"


def test_the_first_user_has_the_hosts_name_sealed(sayer, home, records_of):
    home.mkdir()
    sayer(home)("init", "--empty", "--name", "Kerensa")
    ring = read_keys(load_settings(home, {}).keys_file)
    with records_of().read() as db:
        row = db.one("first_user")
        assert row
        assert ring.open(row["name"], "users", "name", row=row["id"]) == "Kerensa"
        assert b"Kerensa" not in (home / "data/guestlink.db").read_bytes()


def test_a_second_run_changes_nothing_and_says_so(in_sample, home, records_of):
    before = files_of(home)
    with records_of().read() as db:
        changes = records.find_property(db, "harbour-house").changes
    answer = in_sample("init", "--name", "Somebody else", *ONE)
    assert answer.code == 0
    assert answer.out.count("there already") == 5
    assert files_of(home) == before
    with records_of().read() as db:
        assert records.find_property(db, "harbour-house").changes == changes


def test_a_run_without_sample_can_be_followed_by_one_with_it(say, home, records_of):
    assert say("init", *ONE).code == 0
    with records_of().read() as db:
        house = records.find_property(db, "harbour-house")
        assert db.one("membership", user_id=houses.acting_user(db), property_id=house.id)["role"] == "host"
    assert (home / "content/harbour-house/property.md").exists()


def test_a_cut_off_copy_of_the_content_is_made_again(say, home):
    draft = home / "content/.harbour-house.new"
    draft.mkdir(parents=True)
    (draft / "half").write_text("cut off here")
    assert say("init", *ONE).code == 0
    assert not draft.exists()
    assert not (home / "content/harbour-house/half").exists()


def test_a_hosts_own_content_is_not_replaced(say, home):
    folder = home / "content/harbour-house"
    folder.mkdir(parents=True)
    own = "---\nname: Mine\nlanguages: en\nsecrets: door-code | on booking\n---\nHello.\n"
    (folder / "property.md").write_text(own)
    assert say("init", *ONE).code == 0
    assert list(folder.iterdir()) == [folder / "property.md"]
    assert (folder / "property.md").read_text() == own


def test_records_without_their_keys_are_not_given_new_ones(say, home):
    (home / "data/keys/keyring.json").unlink()
    answer = say("init", "--empty")
    assert answer.code == 2
    assert "backup" in answer.err
    assert not (home / "data/keys/keyring.json").exists()


def test_what_the_environment_says_is_not_copied_into_the_file(sayer, home, monkeypatch):
    home.mkdir()
    monkeypatch.setenv("GUESTLINK_SITE_URL", "s3://bucket/prefix?endpoint=http://localhost:1")
    assert sayer(home)("init", "--empty").code == 0
    assert "bucket" not in (home / "data/guestlink.toml").read_text()


def test_a_port_that_somebody_listens_on_is_not_chosen():
    with socket.socket() as taken:
        port = free_port()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of before may linger
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port() != port
    assert port in PORTS or port > max(PORTS)


def test_the_last_lines_say_what_is_true_and_what_to_do(in_sample):
    answer = in_sample("init", *ONE)
    assert "publish.py up" in answer.out
    assert answer.last == "Guest Link is set up; harbour-house is ready to publish."


def test_the_sample_also_lives_on_postgresql(sayer, home, monkeypatch, postgres_database):
    home.mkdir()
    monkeypatch.setenv("GUESTLINK_DATABASE_URL", postgres_database)
    say = sayer(home)
    assert say("init", *ONE).code == 0
    assert say("init", *ONE).out.count("there already") == 5
    assert len(json.loads(say("stay", "list", "--all", "--json").out)) == 40
    assert say("link", "HH-1009").code == 0
    assert say("secret", "list", "harbour-house").code == 0
    assert postgres_database not in (home / "data/guestlink.toml").read_text()


def test_it_runs_from_any_folder_as_a_stranger_runs_it(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "publish.py"), "init", "--empty"],
        env={**os.environ, "GUESTLINK_HOME": str(tmp_path / "new")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "has no property yet" in done.stdout


def test_a_place_that_cannot_be_written_is_named(sayer, home):
    (home / "data").mkdir(parents=True)
    (home / "data/keys").write_text("a file, not a folder")
    answer = sayer(home)("init", "--empty")
    assert answer.code == 2
    assert "cannot be written" in answer.err
