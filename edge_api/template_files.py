"""Files of message templates: one sentence with {named} places each, read strictly and made into drafts.

What Meta has approved is a sentence with numbered places in it. They are numbered in the order of the
translated sentence, for the review as for every message.
"""

import re
import tomllib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from edge_api.drafts import Draft, Link, mistakes
from guestlink.errors import ContentError, ContentErrors, Mistake
from guestlink.language import Catalogue

UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
LONGEST_LIFE: Final = timedelta(hours=12)
PLACE: Final = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)")
FIELD: Final = re.compile(r"at `\$\.(\w+)|field `(\w+)`")
FIELDS: Final = "Fields: category (UTILITY, AUTHENTICATION), body, examples, quick_replies, link, lives (1h)."
EXAMPLE_END: Final = "w/AbCdEfGhIjKlMnOpQrStUv#0123456789abcdefghijkl"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One file: an English message with {named} places, and what Meta has to know about it.

    `link` is the title of a button whose address ends with the guest's link; `lives` is in seconds. Around
    a code the words are Meta's, and there is no body.
    """

    name: str
    category: str
    body: str
    examples: dict[str, str]
    quick_replies: tuple[str, ...] = ()
    link: str = ""
    lives: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    category: Literal["UTILITY", "AUTHENTICATION"]
    body: str = ""
    examples: dict[str, str] = {}
    quick_replies: tuple[str, ...] = ()
    link: str = ""
    lives: Annotated[str, msgspec.Meta(pattern=r"^([1-9]\d?[mh])?$")] = ""


def draft_of(form: Form, words: Catalogue, *, public_url: str) -> Draft:
    """What Meta reviews of it in the language of `words`."""
    t = words.text
    body, names = numbered(form.body, words)
    link = Link(title=t(form.link), base=f"{public_url}/", example=EXAMPLE_END) if form.link else None
    return Draft(
        name=form.name,
        language=words.language,
        category=form.category,
        body=body,
        examples=tuple(form.examples.get(each, "") for each in names),
        quick_replies=tuple(t(each) for each in form.quick_replies),
        link=link,
        lives=form.lives,
    )


def numbered(body: str, words: Catalogue) -> tuple[str, list[str]]:
    """The sentence with {{1}}, {{2}} … and the names of its places in that order; nothing where the words are
    Meta's own.
    """
    if not body:
        return "", []
    marked = words.text(body, **{name: "{{" + name + "}}" for name in _places(body)})
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        names.append(found[1])
        return "{{" + str(len(names)) + "}}"

    return PLACE.sub(number, marked), names


def _places(body: str) -> list[str]:
    return re.findall(r"\{([a-z][a-z0-9_]*)\}", body)


def read_forms(folder: Path) -> list[Form]:
    """Every file of the folder; ContentErrors tells all mistakes with file and line."""
    forms: list[Form] = []
    problems: list[Mistake] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            forms.append(_read(path))
        except ContentErrors as errors:
            problems += errors.problems
        except ContentError as error:
            problems.append(error)
    if problems:
        raise ContentErrors(problems)
    return forms


def _read(path: Path) -> Form:
    text = path.read_text("utf-8")
    try:
        told = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        found = AT_LINE.search(str(error))
        line, words = int(found[1]) if found else 0, AT_LINE.sub("", str(error))
        raise ContentError(f"This is not TOML: {words}.", path=_shown(path), line=line) from None
    except msgspec.ValidationError as error:
        named = FIELD.search(str(error))
        field = (named[1] or named[2]) if named else ""
        raise _mistake(path, text, field, f"{error}.", hint=FIELDS) from None
    more = {name: getattr(told, name) for name in ("category", "body", "examples", "quick_replies", "link")}
    form = Form(name=path.stem, lives=_seconds(told.lives), **more)
    english = Catalogue("en", {}, plural_form=lambda _: 0)
    draft = draft_of(form, english, public_url="https://stay.example.com")
    wrong = [*mistakes(draft), *_of_file(form)]
    if wrong:
        raise ContentErrors([_mistake(path, text, field, words) for field, words in wrong])
    return form


def _of_file(form: Form) -> Iterable[tuple[str, str]]:
    for name in sorted(form.examples.keys() - set(_places(form.body))):
        yield "examples", f"The body has no place {{{name}}}."
    if timedelta(seconds=form.lives) > LONGEST_LIFE:
        yield "lives", "At most 12h: who reads it later is only puzzled."


def _seconds(text: str) -> int:
    return int(int(text[:-1]) * UNITS[text[-1]].total_seconds()) if text else 0


def _mistake(path: Path, text: str, field: str, words: str, *, hint: str = "") -> ContentError:
    mark = re.compile(rf"\[?{re.escape(field)}\]?\s*(=|$)")
    lines = enumerate(text.splitlines(), 1)
    line = next((number for number, each in lines if field and mark.match(each)), 0)
    return ContentError(words, path=_shown(path), line=line, hint=hint)


def _shown(path: Path) -> str:
    return "/".join(path.parts[-2:])
