"""The plain way: Python-Markdown once a file, Jinja once a page, no cache, no record, nothing sealed.

A program of its own: `python loop.py SOURCE SITE` with a folder of peers.py.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown import Markdown
from markupsafe import Markup

EXTENSIONS: Final = [f"markdown.extensions.{name}" for name in ("meta", "tables", "sane_lists")]
Given = dict[str, Any]


def main(source: Path, site: Path) -> None:
    given = read(source)
    sections, letters = _texts(source / "content")
    pages = Pages(templates(source / "templates", given), given)
    for tag in given["words"]:
        for stay in json.loads((source / "data" / f"stays.{tag}.json").read_bytes()):
            house = stay["house"]
            body = pages.page(stay, tag, sections[house, tag], letter=letters[house, tag])
            _write(site / "w" / "_" / stay["slug"] / f"{tag}.html", body)
            _write(site / "w" / f"{stay['slug']}.html", pages.gate(stay, tag))


def read(source: Path) -> Given:
    return {
        name: json.loads((source / "data" / f"{name}.json").read_bytes())
        for name in ("houses", "theme", "words")
    }


def templates(folder: Path, given: Given) -> Environment:
    """The templates of Guest Link's own theme."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(functions(given))
    return made


def functions(given: Given) -> Given:
    """What the theme's templates call."""
    icons = {name: Markup(drawing) for name, drawing in given["theme"]["icons"].items()}
    return {"icon": icons.__getitem__, "asset": given["theme"]["assets"].__getitem__}


class Pages:
    """Fills the templates from what a stay and its house are."""

    def __init__(self, environment: Any, given: Given) -> None:
        self._templates, self._given = environment, given

    def page(self, stay: Given, tag: str, sections: Mapping[str, Given], *, letter: str) -> str:
        context = self.context(stay, tag, sections, letter=letter)
        return self._rendered(f"phases/{stay['phase']}.html", context)

    def gate(self, stay: Given, tag: str) -> str:
        return self._rendered("gate.html", self.gate_context(stay, tag))

    def context(self, stay: Given, tag: str, sections: Mapping[str, Given], *, letter: str) -> Given:
        """Everything that a page's template asks for; what is sealed elsewhere is a part of it in clear."""
        house, theme = self._given["houses"][stay["house"]], self._given["theme"]
        said, phase, t = house["in"][tag], stay["phase"], self._words(tag)

        def section(key: str, icon: str, *, leads: bool) -> Markup:
            text = {**sections[key], "icon": icon, "key": key}
            return Markup(
                self._rendered(
                    "section.html",
                    {"t": t, "section": text, "open": leads, "lang": "", "picture": "", "html": text["html"]},
                )
            )

        leads = [each for each in house["sections"] if phase in each["lead"]]
        others = [each for each in house["sections"] if phase not in each["lead"]]
        placed = Markup().join(
            Markup('<template data-{}="{}">\n{}</template>\n').format(
                each["place"], each["at"], section(each["key"], each["icon"], leads=False)
            )
            for each in stay["placed"]
        )
        inner = self._rendered(
            "stay.html",
            {
                **stay,
                "t": t,
                "stay": Markup(stay["about"]),
                "greeting": Markup(stay["greeting"]),
                "missing": (),
                "tel": house["tel"],
                "chat": "",
                "word": "",
                "sections": placed,
            },
        )
        codes = ""
        if stay["codes"]:
            codes = self._rendered("codes.html", {"t": t, "codes": stay["codes"]})
            codes = Markup('<template data-sealed="codes">{}</template>').format(Markup(codes))
        return {
            "t": t,
            "lang": tag,
            "dir": "ltr",
            "language": tag,
            "words": {"name": said["name"], "area": said["area"]},
            "title": said["name"],
            "csp": Markup(house["csp"]),
            "style": Markup(house["style"]),
            "curtain": Markup(theme["curtain"]),
            "opener": Markup(theme["opener"]),
            "zone": house["zone"],
            "sheet": said["sheet"],
            "phase": phase,
            "languages": (),
            "bar": said["bar"][phase],
            "slot": {"slug": stay["slug"], "stay": Markup(inner), "codes": codes},
            "leads": [section(each["key"], each["icon"], leads=True) for each in leads],
            "sections": [section(each["key"], each["icon"], leads=False) for each in others],
            "has_notices": False,
            "has_codes": True,
            "door": None,
            "late": None,
            "has_services": False,
            "services": "",
            "guide": "",
            "emergency": said["emergency"],
            "words_lang": "",
            "plate": "",
            "letter": Markup(letter),
            "phone": house["phone"],
            "tel": house["tel"],
        }

    def gate_context(self, stay: Given, tag: str) -> Given:
        gate, said = self._given["theme"]["gate"], self._given["houses"][stay["house"]]["in"][tag]
        return {
            "t": self._words(tag),
            "lang": tag,
            "dir": "ltr",
            "language": tag,
            "state": "open",
            "title": said["name"],
            "csp": Markup(gate["csp"]),
            "style": Markup(gate["style"]),
            "script": Markup(gate["script"]),
            "slot": {"slug": stay["slug"], "query": stay["query"]},
        }

    def _words(self, tag: str) -> Any:
        words = self._given["words"][tag]
        return lambda text, **values: words[text].format(**values)

    def _rendered(self, name: str, context: Given) -> str:
        return str(self._templates.get_template(name).render(context))


def _texts(folder: Path) -> tuple[dict[tuple[str, str], dict[str, Given]], dict[tuple[str, str], str]]:
    sections: dict[tuple[str, str], dict[str, Given]] = {}
    letters: dict[tuple[str, str], str] = {}
    markdown = Markdown(extensions=EXTENSIONS)
    for file in sorted(folder.rglob("*.md")):
        html = markdown.reset().convert(file.read_text("utf-8"))
        told = {name: values[0] for name, values in markdown.Meta.items()}  # type: ignore[attr-defined]
        of = told["house"], told["lang"]
        if told["key"] == "property":
            letters[of] = html
        else:
            text = {"title": told["title"], "summary": told["summary"], "html": Markup(html)}
            sections.setdefault(of, {})[told["key"]] = text
    return sections, letters


def _write(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
