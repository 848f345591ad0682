"""The same houses and stays as other programs take them: Markdown files and JSON.

Whatever Guest Link works out while it compiles (phases, dates in words, which codes are shown, signed
addresses, sealed names) is given to them ready made: they only have to put pages together.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.compiling.estate import SECTIONS
from generator.files.host_content import HostContent
from generator.pages import Page, compose, is_sealed
from generator.parts import blocks, ways
from generator.parts.fragments import Fragments
from generator.parts.theme import gate_policy, page_policy
from generator.parts.wording import Wording, dialled
from generator.press import Press
from generator.views import Opener, stay_views
from guestlink import records
from guestlink.crypto import PageSeal
from guestlink.language import native_name
from guestlink.records import Property

FOLDERS: Final = ("loop", "pelican", "hugo")
SECRET: Final = re.compile(r"\[\[([a-z-]+)\]\]")
SAID: Final = re.compile(r"""\bt\((["'])(.+?)\1[,)]""")
TOLD: Final = "(see your codes)"

Given = dict[str, Any]


def make(press: Press, folder: Path, *, at: datetime) -> None:
    """`folder/<program>/` for each of FOLDERS, from the same records, texts and theme."""
    given = _given(press, at)
    theme = Path(press.settings.theme)
    for name in FOLDERS:
        home = folder / name
        (home / "data").mkdir(parents=True)
        for tag, stays in given["stays"].items():
            _json(home / "data" / f"stays.{tag}.json", stays)
        _json(home / "data" / "houses.json", given["houses"])
    for name in ("loop", "pelican"):
        shutil.copytree(theme / "templates", folder / name / "templates")
        _json(folder / name / "data" / "words.json", given["words"])
        _json(folder / name / "data" / "theme.json", given["theme"])
        _texts(press, folder / name / "content", given["words"])
    _hugo(press, folder / "hugo", given)


# -- records ---------------------------------------------------------------------------------------
def _given(press: Press, at: datetime) -> Given:
    found: Given = {"houses": {}, "stays": {}, "words": {}, "theme": _theme(press)}
    with press.database.read() as db:
        houses = records.properties(db)
    for house in houses:
        content = press.content(house, from_files=True, at=at).content
        with press.database.read() as db:
            views = stay_views(db, house, at=at)
        pages = [page for view in views for page in compose(view, content, press.site, at=at)]
        writer = _Writer(press, house, content)
        for page in pages:
            if page.kind == "welcome":
                found["stays"].setdefault(page.language, []).append(writer.stay(page))
        found["houses"][house.slug] = writer.house(pages)
        found["words"] = found["words"] or {tag: _words(press, tag) for tag in content.languages}
    return found


class _Writer:
    """What other programs are told of one house."""

    def __init__(self, press: Press, house: Property, content: HostContent) -> None:
        self._press, self._house, self._content = press, house, content
        self._opener = Opener(press.ring, public_url=press.site.public_url, key_id=press.site.key_id)
        self._wording = {
            tag: Wording(press.theme.catalogue(tag), content, house, language=tag)
            for tag in content.languages
        }
        self._fragments = {
            tag: Fragments(press.theme, content, wording) for tag, wording in self._wording.items()
        }

    def house(self, pages: list[Page]) -> Given:
        theme, content = self._press.theme, self._content
        style = theme.page_style(content.accent)
        renderer = self._press.renderer(self._house, content)
        return {
            "zone": self._house.zone,
            "phone": content.phone,
            "tel": dialled(content.phone),
            "style": style,
            "csp": page_policy(style, theme.curtain, theme.opener),
            "in": {
                tag: {
                    "name": wording.words.name,
                    "area": wording.words.area,
                    "language": native_name(tag),
                    "sheet": renderer.sheet(tag)[0],
                    "emergency": [
                        {"number": number, "tel": dialled(number), "what": what}
                        for number, what in wording.words.emergency
                    ],
                    "bar": {
                        page.phase: ways.bar(page, content, self._fragments[tag], wording)
                        for page in pages
                        if page.language == tag and page.kind == "welcome"
                    },
                }
                for tag, wording in self._wording.items()
            },
            "sections": sorted(
                [
                    {"key": key, "icon": entry.icon, "order": entry.order, "lead": list(entry.lead)}
                    for key, versions in content.sections.items()
                    for entry in (content.pick(versions, content.languages[0]),)
                    if not is_sealed(entry)
                ],
                key=lambda each: each["order"],
            ),
        }

    def stay(self, page: Page) -> Given:
        wording, content = self._wording[page.language], self._content
        private = self._opener.private(page)
        over = page.phase == "departed"
        card = blocks.card(page, private.link, guide_code=PageSeal(private.page_key).guide_code)
        given = {
            "slug": page.view.link.slug,
            "house": self._house.slug,
            "phase": page.phase,
            "query": private.query,
            "about": blocks.about(page, private.token),
            "greeting": blocks.greeting(page, private.name, wording),
            "lede": "" if over else blocks.lede(page, wording),
            "facts": () if over else blocks.facts(page, wording),
            "waiting": blocks.waiting(page, wording),
            "codes": blocks.codes(page, private.values, wording, network=content.wifi) if page.shown else (),
            "card": None if over else card,
            "placed": () if over else list(self._placed(page)),
        }
        told: Given = msgspec.to_builtins(given, enc_hook=str)
        return told

    def _placed(self, page: Page) -> Iterator[Given]:
        """Sections for some stays alone, each before the next one that everybody has."""
        fragments = self._fragments[page.language]
        clear = sorted(page.clear, key=lambda key: fragments.pick(key).order)
        for key in page.sealed:
            section = fragments.pick(key)
            after = [
                other
                for other in clear
                if fragments.pick(other).order > section.order
                and page.phase not in fragments.pick(other).lead
            ]
            place = ("before", after[0]) if after else ("into", "House")
            yield {"place": place[0], "at": place[1], "key": key, "icon": section.icon}


def _theme(press: Press) -> Given:
    theme = press.theme
    gate = theme.gate_style(), theme.gate_script()
    names = ("icon.svg", "print.css", "welcome.js", "desk.js", "offline.js")
    icons = re.findall(r'<symbol id="([a-z]+)"', (theme.folder / "static" / "icons.svg").read_text("utf-8"))
    return {
        "curtain": theme.curtain,
        "opener": theme.opener,
        "gate": {"style": gate[0], "script": gate[1], "csp": gate_policy(*gate)},
        "assets": {name: theme.asset(name) for name in names},
        "icons": {name: theme.icon(name) for name in icons},
    }


def _words(press: Press, tag: str) -> Mapping[str, str]:
    """The theme's own words in one language, placeholders left in them."""
    catalogue = press.theme.catalogue(tag)
    names = ("welcome.html", "stay.html", "codes.html", "gate.html", "section.html", "phases/*", "parts/*")
    files = [file for name in names for file in (press.theme.folder / "templates").glob(name)]
    said = {found[2] for file in files for found in SAID.finditer(file.read_text("utf-8"))}
    holes = {words: re.findall(r"\{([a-z_]+)\}", words) for words in {*said, TOLD}}
    return {
        words: str(catalogue.text(words, **{name: f"{{{name}}}" for name in names}))
        for words, names in holes.items()
    }


# -- files -----------------------------------------------------------------------------------------
def _host_files(press: Press) -> Iterator[tuple[str, str, str, dict[str, str], str]]:
    """House, kind of text, language, fields and Markdown of every file that hosts wrote."""
    for file in sorted(press.settings.content_folder.rglob("*.md")):
        slug = file.relative_to(press.settings.content_folder).parts[0]
        key, _, tag = file.stem.partition(".")
        _, head, body = file.read_text("utf-8").split("---\n", 2)
        fields = dict(line.split(": ", 1) for line in head.splitlines() if line[:1].isalpha())
        yield slug, key, tag or "en", fields, body


def _texts(press: Press, folder: Path, words: Mapping[str, Mapping[str, str]]) -> None:
    """Fields above the text, as Python-Markdown and Pelican read them; a mark of a secret is HTML."""
    for slug, key, tag, fields, body in _host_files(press):
        text = SECRET.sub(rf'<span data-secret="\1">{words[tag][TOLD]}</span>', body)
        head = (
            f"Title: {fields.get('title', slug)}\nSummary: {fields.get('summary', '')}\nHouse: {slug}\n"
            f"Key: {key}\nLang: {tag}\nSlug: {slug}-{key}\nDate: 2026-01-01\n"
        )
        path = folder / slug / f"{key}.{tag}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{head}\n{text}", "utf-8")


def _hugo(press: Press, home: Path, given: Given) -> None:
    """Hugo's own shapes: content and phrases for each language, data as assets, templates of its own."""
    source = Path(__file__).parent / "hugo"
    shutil.copytree(source / "layouts", home / "layouts")
    shutil.copy(source / "hugo.toml", home)
    for file in (home / "data").glob("stays.*.json"):
        (home / "assets").mkdir(exist_ok=True)
        file.rename(home / "assets" / file.name)
    _json(home / "data" / "theme.json", given["theme"])
    for tag, words in given["words"].items():
        (home / "i18n").mkdir(exist_ok=True)
        _json(home / "i18n" / f"{tag}.json", {words: {"other": said} for words, said in words.items()})
    facts = {key: (icon, lead, unit, at) for at, (key, icon, lead, unit) in enumerate(SECTIONS, start=1)}
    for slug, key, tag, fields, body in _host_files(press):
        name = "_index.md" if key == "property" else f"{key}.md"
        path = home / "content" / tag / "houses" / slug / name
        path.parent.mkdir(parents=True, exist_ok=True)
        icon, lead, unit, order = facts.get(key, ("", "", "", 0))
        own = {"key": key, "summary": fields.get("summary", ""), "icon": icon, "lead": lead, "unit": unit}
        head = {"title": fields.get("title", slug), "weight": order, "params": own}
        text = SECRET.sub(r'{{< secret "\1" >}}', body)
        path.write_text(msgspec.json.encode(head).decode() + "\n\n" + text, "utf-8")
    for tag in given["words"]:
        (home / "content" / tag / "w").mkdir()
        shutil.copy(source / "_content.gotmpl", home / "content" / tag / "w" / "_content.gotmpl")
        shutil.copy(source / "_index.md", home / "content" / tag / "houses" / "_index.md")


def _json(path: Path, told: Any) -> None:
    path.write_bytes(msgspec.json.encode(told, enc_hook=str))
