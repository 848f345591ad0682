"""Stock Pelican: hosts' texts are its pages, written nowhere; a plugin adds a page and a gate a stay.

`pelican -s pelican_conf.py` in a folder of peers.py, into the folder that `-o` names.
"""

import json
import sys
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pelican import signals
from pelican.generators import Generator

sys.path.insert(0, str(Path(__file__).parent))

import loop

SOURCE = Path.cwd()


class Stays(Generator):  # type: ignore[misc]
    """A page and a gate for every stay, from the pages that Pelican has read."""

    def generate_output(self, writer: Any) -> None:
        given = loop.read(SOURCE)
        self.env.globals.update(loop.functions(given))
        pages = loop.Pages(self.env, given)
        texts: dict[tuple[str, str], dict[str, Any]] = {}
        for page in [*self.context["pages"], *self.context["hidden_pages"]]:
            for text in [page, *page.translations]:
                about = {
                    "title": text.title,
                    "summary": text.metadata["summary"],
                    "html": Markup(text.content),
                }
                texts.setdefault((text.house, text.lang), {})[text.key] = about
        for tag in given["words"]:
            for stay in json.loads((SOURCE / "data" / f"stays.{tag}.json").read_bytes()):
                mine = texts[stay["house"], tag]
                context = pages.context(stay, tag, mine, letter=mine["property"]["html"])
                template = self.env.get_template(f"phases/{stay['phase']}.html")
                writer.write_file(f"w/_/{stay['slug']}/{tag}.html", template, context)
                template = self.env.get_template("gate.html")
                writer.write_file(f"w/{stay['slug']}.html", template, pages.gate_context(stay, tag))


class _Plugin:
    @staticmethod
    def register() -> None:
        signals.get_generators.connect(_stays)


def _stays(_pelican: Any) -> type[Stays]:
    return Stays


SITENAME = "Houses"
SITEURL = ""
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
PATH = str(SOURCE / "content")
PAGE_PATHS = [""]
ARTICLE_PATHS: list[str] = []
STATIC_PATHS: list[str] = []
PAGE_SAVE_AS = PAGE_LANG_SAVE_AS = DRAFT_PAGE_SAVE_AS = ""
INDEX_SAVE_AS = ARCHIVES_SAVE_AS = AUTHORS_SAVE_AS = CATEGORIES_SAVE_AS = TAGS_SAVE_AS = ""
AUTHOR_SAVE_AS = CATEGORY_SAVE_AS = TAG_SAVE_AS = ""
DIRECT_TEMPLATES: list[str] = []
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
THEME_STATIC_PATHS: list[str] = []
THEME_TEMPLATES_OVERRIDES = [str(SOURCE / "templates")]
JINJA_ENVIRONMENT = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
MARKDOWN = {"extensions": loop.EXTENSIONS, "output_format": "html5"}
PLUGINS = [_Plugin]
FORMATTED_FIELDS: list[str] = []
CACHE_CONTENT = False
