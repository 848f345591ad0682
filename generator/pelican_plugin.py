"""The Pelican generator of what belongs to no guest: the landing page, the page for what is not there, the
staff board, and what the edge fills: the form of `/open`, and the page that stops e-mails.

Pelican runs without feeds, articles and output on the terminal; its import changes process-wide classes, so
the serving process never imports this file.
"""

import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from pelican import Pelican, signals  # type: ignore[import-untyped]
from pelican.generators import Generator  # type: ignore[import-untyped]
from pelican.log import console  # type: ignore[import-untyped]
from pelican.settings import read_settings  # type: ignore[import-untyped]

from generator.files.host_content import Doorplate, HostContent
from generator.parts import staff_pages
from generator.parts.theme import TEMPLATE_OPTIONS, Theme, open_policy, page_policy
from guestlink.language import LANGUAGES, N_, chrome_language, direction, native_name

logging.setLoggerClass(logging.Logger)  # Pelican's import replaced it by one that swallows repetitions

House = HostContent | Doorplate
Translated = Callable[[str], str]

QUIET: Final[dict[str, Any]] = {
    "ARTICLE_PATHS": [],
    "PAGE_PATHS": [],
    "STATIC_PATHS": [],
    "THEME_STATIC_PATHS": [],
    "DIRECT_TEMPLATES": [],
    "FEED_ALL_ATOM": None,
    "CATEGORY_FEED_ATOM": None,
    "TRANSLATION_FEED_ATOM": None,
    "AUTHOR_FEED_ATOM": None,
    "AUTHOR_FEED_RSS": None,
    "CACHE_CONTENT": False,
    "LOAD_CONTENT_CACHE": False,
    "TIMEZONE": "UTC",
}
# What the edge says on a page that it answers, beside what is in the page already.
ANSWERS: Final = {
    "failed": N_("This was not sent: something is out of order here. Try again in a moment, or call us."),
    "foreign": N_("This was not sent, since it did not come from this page. Send it again from here."),
    "many": N_(
        "This was not sent: there are many requests from this stay just now. Call us if it is urgent."
    ),
    "moved": N_("This changed in the meantime. Look at it again."),
    "refused": N_("This was not sent: it is not offered now."),
    "wrong": N_("This was not sent. Look at what is marked."),
    "sent": N_("Sent. You see it under your requests."),
    "kept": N_("We have it. Thank you."),
    "rated": N_("Thank you for telling us."),
    "cancelled": N_("Your request is cancelled."),
    "whatsapp_yes": N_("Thank you. We write to you on WhatsApp about your stay."),
    "whatsapp_no": N_("Done. We do not write to you on WhatsApp any more."),
    "email_yes": N_("Done. We write to you by e-mail again."),
    "email_no": N_("Done. We do not write to you by e-mail any more."),
}


FILLED: Final = (  # name, template, title
    ("open", "open", N_("Open your page with a guide code")),
    ("mail", "mail_wishes", N_("E-mails about your stay")),
)


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """One page without a guest: its path, its template without the ending, and what that prints."""

    path: str
    template: str
    context: dict[str, object]


class ShellsGenerator(Generator):  # type: ignore[misc] # Pelican has no types
    """Writes the shells that are named in the settings."""

    def generate_output(self, writer: Any) -> None:
        for shell in self.settings["GUESTLINK_SHELLS"]:
            context = {**self.context, **shell.context}
            writer.write_file(shell.path, self.get_template(shell.template), context)


def register() -> None:
    """Called by Pelican. The receiver is module-level, since blinker holds it weakly."""
    signals.get_generators.connect(_generators)


def shells(theme: Theme, houses: Sequence[House], *, build: Path | None = None) -> dict[str, bytes]:
    """Path -> bytes of landing page, 404.html, staff board and what the edge fills, in `build` or a folder
    that goes.
    """
    if build is None:
        with tempfile.TemporaryDirectory(prefix="guestlink-shells-") as folder:
            return shells(theme, houses, build=Path(folder))
    source, output = build / "source", build / "output"
    for folder_path in (source, output):
        folder_path.mkdir(parents=True, exist_ok=True)
    wanted = [_landing(theme, houses), _not_found(theme, houses), *_filled(theme, houses), *_staff(theme)]
    settings = read_settings(
        override={
            **QUIET,
            "PATH": str(source),
            "OUTPUT_PATH": str(output),
            "THEME": str(theme.folder),
            "JINJA_ENVIRONMENT": {**TEMPLATE_OPTIONS, "bytecode_cache": theme.compiled},
            "JINJA_GLOBALS": theme.globals,
            "PLUGINS": [sys.modules[__name__]],
            "GUESTLINK_SHELLS": wanted,
        }
    )
    with console.capture():
        Pelican(settings).run()
    return {shell.path: (output / shell.path).read_bytes() for shell in wanted}


def _generators(_pelican: Pelican) -> type[Generator]:
    return ShellsGenerator


def _landing(theme: Theme, houses: Sequence[House]) -> Shell:
    def said(t: Translated) -> str:
        return t("Your welcome page opens with the link your host sent you.")

    words = [house.words_in(house.languages[0]) for house in houses]
    return Shell(
        path="index.html",
        template="landing",
        context={
            **_general(theme, houses, said),
            "houses": [{"name": each.name, "tagline": each.tagline, "area": each.area} for each in words],
        },
    )


def _not_found(theme: Theme, houses: Sequence[House]) -> Shell:
    def said(t: Translated) -> str:
        return t("There is no page here. Open the link in your message again, or ask your host.")

    return Shell(path="404.html", template="404", context=_general(theme, houses, said))


def _filled(theme: Theme, houses: Sequence[House]) -> list[Shell]:
    """What the edge fills, one for each language, since it knows no words: the form of /open, and the page
    that stops e-mails.
    """
    style = theme.page_style(houses[0].accent if len(houses) == 1 else "")
    names = [{"tag": tag, "dir": direction(tag), "name": native_name(tag)} for tag in LANGUAGES]

    def shell(tag: str, name: str, template: str, title: str) -> Shell:
        t = theme.catalogue(tag).text
        context = {
            "title": t(title),
            "csp": open_policy(style),
            "style": style,
            "house": houses[0].words_in(tag).name if len(houses) == 1 else "Guest Link",
            "lang": tag,
            "dir": direction(tag),
            "language_name": native_name(tag),
            "languages": names,
            "words": msgspec.json.encode({name: t(said) for name, said in ANSWERS.items()}).decode(),
            "t": t,
        }
        return Shell(path=f"shells/{name}.{tag}.html", template=template, context=context)

    return [shell(tag, *each) for each in FILLED for tag in LANGUAGES]


def _staff(theme: Theme) -> list[Shell]:
    """The staff board in every language, and the door that finds somebody's."""
    pages = [
        Shell(
            path=f"{staff_pages.FOLDER}{tag}.html",
            template="staff",
            context=staff_pages.page_context(theme, tag),
        )
        for tag in LANGUAGES
    ]
    door = Shell(path=staff_pages.DOOR, template="staff_door", context=staff_pages.door_context(theme))
    return [door, *pages]


def _general(theme: Theme, houses: Sequence[House], said: Callable[[Translated], str]) -> dict[str, object]:
    """What both pages print: one sentence in every language, those that the houses speak first."""
    spoken = dict.fromkeys(chrome_language(tag) for house in houses for tag in house.languages)
    tags = dict.fromkeys([*spoken, *LANGUAGES])
    style = theme.page_style(houses[0].accent if len(houses) == 1 else "")
    return {
        "title": "Guest Link",
        "csp": page_policy(style),
        "style": style,
        "lines": [
            {"tag": tag, "dir": direction(tag), "text": said(theme.catalogue(tag).text)} for tag in tags
        ],
    }
