"""All settings of one deployment: data/guestlink.toml, overruled by GUESTLINK_* in the environment."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from guestlink.errors import SettingsError

PROGRAM = Path(__file__).resolve().parent.parent
FILE = "data/guestlink.toml"
HELP = {
    "database_url": "sqlite:///data/guestlink.db for a file, postgresql://user:password@host/name else.",
    "site_url": "file:data/site for a folder, s3://bucket/prefix?distribution=ID&region=REGION for S3.",
    "public_url": "what guests' links begin with, such as https://stay.example.com; no slash at the end.",
    "signing_key_id": "the id of the key that signs pages; `publish.py keys use ID` sets it.",
    "content": "the folder of the hosts' files.",
    "theme": "the folder of templates, static files and catalogues.",
    "keys": "the file of the key ring, mode 0600; `publish.py init` makes it.",
    "page_languages": "offered: a page in every language of the house; guest: in the guest's own alone.",
    "proxies": "how many machines of yours stand before the API: 1 behind CloudFront alone, 0 for none.",
    "media_url": "where guests' files lie, sealed: file:data/media, or s3://bucket/prefix, a private one.",
    "whatsapp_url": "where the Cloud API answers: https://graph.facebook.com, or the sandbox's address.",
    "whatsapp_token": "the access token of a system user; its value is a secret.",
    "whatsapp_app_secrets": "the app secret that signs webhooks; during a change both, with a comma between.",
    "whatsapp_verify_token": "a word of your own that Meta repeats when it verifies the webhook.",
    "whatsapp_number_id": "the id of the phone number that messages come from (not the number itself).",
    "whatsapp_account_id": "the id of the WhatsApp Business Account, which owns the templates.",
    "whatsapp_app_id": "the id of the Meta app.",
    "whatsapp_prices": "a TOML file with what messages cost by category and country; without it, nothing.",
    "mail_url": "file:data/mail for a folder, smtp://user:password@host:587 or smtps://…; empty for none.",
    "mail_from": "the address that e-mails come from, such as stay@example.com.",
    "mail_bounce": "the address that gets what could not be delivered; mail_from unless you say otherwise.",
    "mail_reply_to": "the address that answers go to; mail_from unless you say otherwise.",
    "push_url": "a push service of your own that browsers may name, such as a test's; empty for none.",
    "rebuild_secret": "what signs calls of /api/rebuilds, such as the secret of a GitHub webhook.",
}
SECRETS = frozenset({"whatsapp_token", "whatsapp_app_secrets", "whatsapp_verify_token", "rebuild_secret"})


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where everything lies. Relative paths are below `home`."""

    home: str
    database_url: str = "sqlite:///data/guestlink.db"
    site_url: str = "file:data/site"
    public_url: str = "http://localhost:8080"
    signing_key_id: str = ""
    content: str = "content"
    theme: str = str(PROGRAM / "theme")
    keys: str = "data/keys/keyring.json"
    page_languages: str = "offered"
    proxies: str = "0"
    media_url: str = "file:data/media"
    whatsapp_url: str = "https://graph.facebook.com"
    whatsapp_token: str = ""
    whatsapp_app_secrets: str = ""
    whatsapp_verify_token: str = ""
    whatsapp_number_id: str = ""
    whatsapp_account_id: str = ""
    whatsapp_app_id: str = ""
    whatsapp_prices: str = ""
    mail_url: str = ""
    mail_from: str = ""
    mail_bounce: str = ""
    mail_reply_to: str = ""
    push_url: str = ""
    rebuild_secret: str = ""

    def __repr__(self) -> str:
        return f"Settings(home={self.home!r}, site_url={without_secrets(self.site_url)!r})"

    def path(self, value: str) -> Path:
        return Path(self.home, value)

    @property
    def app_secrets(self) -> tuple[str, ...]:
        """The secrets that may sign a webhook; several while one is replaced by another."""
        return tuple(each.strip() for each in self.whatsapp_app_secrets.split(",") if each.strip())

    @property
    def speaks_whatsapp(self) -> bool:
        """Whether messages can be sent on WhatsApp."""
        return bool(self.whatsapp_token and self.whatsapp_number_id)

    @property
    def speaks_mail(self) -> bool:
        """Whether e-mails can be sent."""
        return bool(self.mail_url and self.mail_from)

    @property
    def file(self) -> Path:
        return self.path(FILE)

    @property
    def content_folder(self) -> Path:
        return self.path(self.content)

    @property
    def theme_folder(self) -> Path:
        return self.path(self.theme)

    @property
    def keys_file(self) -> Path:
        return self.path(self.keys)


def load_settings(home: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings below `home`; a SettingsError names the setting and how to make a good value."""
    values: dict[str, object] = dict(_from_file(home / FILE))
    for name in HELP:
        if value := environment.get(f"GUESTLINK_{name.upper()}"):
            values[name] = value
    for name, given in values.items():
        if name not in HELP:
            raise SettingsError(
                f"There is no setting {name!r}.", setting=name, hint=f"Known: {', '.join(HELP)}."
            )
        if not isinstance(given, str):
            raise SettingsError(f"The setting {name} must be text in quotes.", setting=name, hint=_mend(name))
    settings = msgspec.convert({**values, "home": str(home.resolve())}, Settings)
    _check(settings)
    return settings


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        mend = "Check its owner and permissions, or GUESTLINK_HOME."
        told = f"{path} cannot be read: {error.strerror}."
        raise SettingsError(told, setting="guestlink.toml", hint=mend) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mend = 'Each line is `name = "value"`.'
        raise SettingsError(f"{path} is not TOML: {error}.", setting="guestlink.toml", hint=mend) from None


def _check(settings: Settings) -> None:
    _shape(settings, "database_url", r"sqlite:///.|postgresql://.")
    _shape(settings, "site_url", r"file:[^?#]|s3://[\w.-]+([/?]|\Z)")
    _shape(settings, "public_url", r"https?://[^\s/?#@]+\Z")
    _shape(settings, "page_languages", r"(offered|guest)\Z")
    _shape(settings, "proxies", r"[0-9]\Z")
    _shape(settings, "media_url", r"file:[^?#]|s3://[\w.-]+([/?]|\Z)")
    _shape(settings, "whatsapp_url", r"https?://[^\s/?#@]+\Z")
    for name in ("whatsapp_number_id", "whatsapp_account_id", "whatsapp_app_id"):
        _shape(settings, name, r"[0-9]*\Z")
    _shape(settings, "mail_url", r"\Z|file:[^?#]|smtps?://[^\s/?#]+/?\Z")
    for name in ("mail_from", "mail_bounce", "mail_reply_to"):
        _shape(settings, name, r"\Z|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9][A-Za-z0-9.-]*\Z")
    _shape(settings, "push_url", r"\Z|https?://[^\s/?#@]+\Z")
    for name in ("content", "theme", "keys"):
        _shape(settings, name, ".")
    if not _has_good_port(settings.public_url):
        raise _wrong(settings, "public_url")


def _shape(settings: Settings, name: str, pattern: str) -> None:
    if not re.match(pattern, getattr(settings, name)):
        raise _wrong(settings, name)


def _wrong(settings: Settings, name: str) -> SettingsError:
    shown = "…" if name in SECRETS else without_secrets(getattr(settings, name))
    return SettingsError(f"The setting {name} is {shown!r}.", setting=name, hint=_mend(name))


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _mend(name: str) -> str:
    return f"Set {name} in {FILE} or GUESTLINK_{name.upper()} in the environment to {HELP[name]}"


def without_secrets(url: str) -> str:
    """A URL as it may be shown: user, password and query values hidden."""
    bare, mark, query = re.sub(r"^(\w+://)?.*@", r"\1…@", url).partition("?")
    return bare + mark + re.sub(r"=[^&]*", "=…", query)


def target_name(settings: Settings) -> str:
    """What the records know the published site by: site_url without options and secrets."""
    return without_secrets(settings.site_url.partition("?")[0])


def save_setting(settings: Settings, **changes: str) -> Settings:
    """Writes changed settings to the file, whole or not at all, and returns them; other lines stay as they
    are.
    """
    after = msgspec.structs.replace(settings, **changes)
    _check(after)
    path = settings.file
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for name, value in changes.items():
        line = f"{name} = {msgspec.json.encode(value).decode()}"
        found = [index for index, text in enumerate(lines) if text.split("=")[0].strip() == name]
        if found:
            lines[found[0]] = line
        else:
            lines.append(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.touch(0o600)
    draft.chmod(0o600)
    draft.write_text("\n".join(lines) + "\n", "utf-8")
    draft.replace(path)
    return after
