"""Settings: the file, the environment over it, and mistakes that say how they are mended."""

import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guestlink import settings as module
from guestlink.errors import SettingsError
from guestlink.settings import HELP, Settings, load_settings, save_setting, target_name, without_secrets


def write(home: Path, text: str) -> Path:
    file = home / "data" / "guestlink.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return home


def test_without_a_file_everything_lies_below_home(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings.file == tmp_path / "data" / "guestlink.toml"
    assert settings.content_folder == tmp_path / "content"
    assert settings.keys_file == tmp_path / "data" / "keys" / "keyring.json"
    assert settings.database_url == "sqlite:///data/guestlink.db"
    assert settings.site_url == "file:data/site"


def test_the_theme_comes_with_the_program(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}).theme_folder == Path(module.__file__).parent.parent / "theme"


def test_the_file_is_read_and_the_environment_overrules_it(tmp_path: Path) -> None:
    home = write(tmp_path, 'public_url = "https://stay.example.com"\ncontent = "texts"\n')
    settings = load_settings(home, {"GUESTLINK_CONTENT": "words"})
    assert (settings.public_url, settings.content) == ("https://stay.example.com", "words")


def test_an_empty_variable_overrules_nothing(tmp_path: Path) -> None:
    home = write(tmp_path, 'content = "texts"\n')
    assert load_settings(home, {"GUESTLINK_CONTENT": ""}).content == "texts"


def test_variables_of_other_programs_do_not_matter(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"CONTENT": "words", "GUESTLINK_HOME": "/"}).content == "content"


def test_settings_can_be_read_from_any_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path(), {})
    monkeypatch.chdir("/")
    assert settings.content_folder == tmp_path / "content"


def test_every_setting_has_words_on_how_to_make_a_value() -> None:
    assert set(HELP) == set(Settings.__struct_fields__) - {"home"}


BAD = [
    pytest.param("database_url", "mysql://localhost/stays", id="a database we do not speak"),
    pytest.param("database_url", "data/guestlink.db", id="a file without a scheme"),
    pytest.param("database_url", "sqlite://data/guestlink.db", id="one slash too few"),
    pytest.param("database_url", "sqlite:///", id="a database without a name"),
    pytest.param("site_url", "ftp://example.com", id="a target we do not speak"),
    pytest.param("site_url", "file:", id="a target without a folder"),
    pytest.param("site_url", "s3:///prefix", id="a target without a bucket"),
    pytest.param("site_url", "s3://[::1", id="a bucket that is no name"),
    pytest.param("public_url", "stay.example.com", id="an address without https"),
    pytest.param("public_url", "https://", id="an address without a host"),
    pytest.param("public_url", "https://stay.example.com/", id="a slash at the end"),
    pytest.param("public_url", "https://stay.example.com/w", id="a path"),
    pytest.param("public_url", "https://stay.example.com?", id="a query"),
    pytest.param("public_url", "https://stay.example.com#w", id="a fragment"),
    pytest.param("public_url", "https://ana@stay.example.com", id="a user"),
    pytest.param("public_url", "https://stay.example.com:0", id="port 0"),
    pytest.param("public_url", "https://stay.example.com:99999", id="a port that is none"),
    pytest.param("public_url", "https://[::1", id="half an IPv6 address"),
    pytest.param("public_url", "https://stay example.com", id="a space"),
    pytest.param("public_url", "https://stay.example.com\n", id="a line break"),
    pytest.param("mail_url", "smtp.example.com", id="a mail server without a scheme"),
    pytest.param("mail_url", "smtp://user:pa/ss@host", id="a password with a slash in it"),
    pytest.param("mail_from", "Harbour House <stay@example.com>", id="an address with a name"),
    pytest.param("mail_bounce", "bounce@example.com\nBcc: all@example.com", id="an address of two lines"),
    pytest.param("content", "", id="content nowhere"),
    pytest.param("theme", "", id="a theme nowhere"),
    pytest.param("keys", "", id="keys nowhere"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_names_itself_and_how_it_is_mended(tmp_path: Path, name: str, value: str) -> None:
    home = write(tmp_path, f"{name} = {msgspec.json.encode(value).decode()}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(home, {})
    assert caught.value.setting == name
    assert name in caught.value.message
    for needed in (name, "data/guestlink.toml", f"GUESTLINK_{name.upper()}", HELP[name]):
        assert needed in caught.value.hint


@pytest.mark.parametrize(("name", "value"), [case for case in BAD if case.values[1]])
def test_a_bad_variable_is_told_like_a_bad_line(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {f"GUESTLINK_{name.upper()}": value})
    assert caught.value.setting == name


@pytest.mark.parametrize(
    "value",
    ["http://localhost:8080", "https://stay.example.com", "http://192.168.1.4:80", "https://[::1]:8443"],
)
def test_good_addresses_are_taken(tmp_path: Path, value: str) -> None:
    assert load_settings(tmp_path, {"GUESTLINK_PUBLIC_URL": value}).public_url == value


@pytest.mark.parametrize(
    ("text", "setting", "words"),
    [
        pytest.param(
            'databse_url = "x"', "databse_url", "Known: database_url, site_url", id="a misspelt name"
        ),
        pytest.param("public_url = 8080", "public_url", "what guests' links begin with", id="a number"),
        pytest.param("public_url = ", "guestlink.toml", 'Each line is `name = "value"`.', id="half a line"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_mending(
    tmp_path: Path, text: str, setting: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, text), {})
    assert caught.value.setting == setting
    assert words in caught.value.hint


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    write(tmp_path, "").joinpath("data/guestlink.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not TOML"):
        load_settings(tmp_path, {})


# -- secrets ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://tomas:hunter2@db.example.com:5432/stays", "postgresql://…@db.example.com:5432/stays"),
        ("postgresql://tomas:a/b?c@d@db.example.com/stays", "postgresql://…@db.example.com/stays"),
        ("postgresql:///stays?user=tomas&password=hunter2", "postgresql:///stays?user=…&password=…"),
        ("tomas:hunter2@db.example.com/stays", "…@db.example.com/stays"),
        ("s3://bucket/prefix?region=eu-west-1", "s3://bucket/prefix?region=…"),
        ("sqlite:///data/guestlink.db", "sqlite:///data/guestlink.db"),
        ("file:data/site", "file:data/site"),
    ],
)
def test_an_address_is_shown_without_user_password_and_options(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=12))
def test_no_password_is_ever_shown(password: str) -> None:
    assert f"Q{password}Q" not in without_secrets(f"postgresql://tomas:Q{password}Q@localhost/stays")


def test_passwords_do_not_stand_in_the_settings_repr(tmp_path: Path) -> None:
    environment = {
        "GUESTLINK_DATABASE_URL": "postgresql://tomas:hunter2@localhost/stays",
        "GUESTLINK_SITE_URL": "s3://bucket/site?secret_access_key=hunter2",
    }
    settings = load_settings(tmp_path, environment)
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in f"{settings}"


def test_a_mistake_in_the_database_address_is_told_without_the_password(tmp_path: Path) -> None:
    for url in ("mysql://tomas:hunter2@localhost/stays", "tomas:hunter2@localhost/stays"):
        with pytest.raises(SettingsError) as caught:
            load_settings(tmp_path, {"GUESTLINK_DATABASE_URL": url})
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("site_url", "name"),
    [
        ("file:data/site", "file:data/site"),
        ("s3://bucket/stays?distribution=E1&region=eu-west-1", "s3://bucket/stays"),
        ("s3://bucket?endpoint=http://tomas@localhost", "s3://bucket"),
    ],
)
def test_a_target_is_known_by_its_address_without_options(tmp_path: Path, site_url: str, name: str) -> None:
    assert target_name(load_settings(tmp_path, {"GUESTLINK_SITE_URL": site_url})) == name


# -- saving -----------------------------------------------------------------------------------------
def test_a_saved_setting_is_read_again(tmp_path: Path) -> None:
    saved = save_setting(
        load_settings(tmp_path, {}), signing_key_id='K"1', public_url="https://stay.example.com"
    )
    assert load_settings(tmp_path, {}) == saved
    assert saved.signing_key_id == 'K"1'


def test_saving_keeps_every_other_line(tmp_path: Path) -> None:
    text = '# Harbour House\nsigning_key_id = "K1"\n# content = "old"\ncontent = "texts" # ours\n'
    save_setting(load_settings(write(tmp_path, text), {}), signing_key_id="K2", keys="ring.json")
    assert (tmp_path / "data/guestlink.toml").read_text("utf-8").splitlines() == [
        "# Harbour House",
        'signing_key_id = "K2"',
        '# content = "old"',
        'content = "texts" # ours',
        'keys = "ring.json"',
    ]


def test_the_saved_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path, "").joinpath("data/guestlink.toml").chmod(0o644)
        save_setting(load_settings(tmp_path, {}), signing_key_id="K1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data/guestlink.toml").stat().st_mode) == 0o600


def test_no_moment_of_saving_leaves_the_file_open_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    written = Path.write_text

    def watched(self: Path, *args: str) -> int:
        modes.append(stat.S_IMODE(self.stat().st_mode))
        return written(self, *args)

    settings = load_settings(write(tmp_path, ""), {})
    monkeypatch.setattr(Path, "write_text", watched)
    save_setting(settings, signing_key_id="K1")
    assert modes == [0o600]


def test_a_save_that_dies_half_way_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(write(tmp_path, 'signing_key_id = "K1"\n'), {})

    def torn(self: Path, text: str, encoding: str) -> int:
        self.write_bytes(text.encode(encoding)[:5])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", torn)
    with pytest.raises(OSError, match="disk full"):
        save_setting(settings, signing_key_id="K2")
    assert load_settings(tmp_path, {}).signing_key_id == "K1"


def test_a_bad_value_is_never_saved(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'content = "texts"\n'), {})
    with pytest.raises(SettingsError, match="public_url"):
        save_setting(settings, public_url="nowhere")
    assert (tmp_path / "data/guestlink.toml").read_text() == 'content = "texts"\n'


def test_a_wrong_address_of_a_mail_server_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {"GUESTLINK_MAIL_URL": "smpt://house:s3cret@smtp.example.com"})
    assert "smpt://…@smtp.example.com" in caught.value.message
    assert "s3cret" not in str(caught.value)
