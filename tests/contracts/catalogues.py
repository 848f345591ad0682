"""What the interface says, collected from its sources, and what is wrong with its eight .po files.

`python tests/contracts/catalogues.py update` adds new messages, `prune` also drops those used nowhere,
`missing` lists what waits for a translator. Files are sorted, without dates and line numbers.
"""

import ast
import io
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ("guestlink", "generator", "edge_api")
KEYWORDS = {"t": None, "N_": None, "tn": (1, 2)}
TWO_FORMS, ZERO_IS_ONE = "nplurals=2; plural=(n != 1);", "nplurals=2; plural=(n > 1);"
# CLDR's rules for whole numbers below a million; forms in CLDR's order: zero, one, two, few, many, other.
PLURAL_FORMS = {
    "en": TWO_FORMS,
    "es": TWO_FORMS,
    "fr": ZERO_IS_ONE,
    "de": TWO_FORMS,
    "it": TWO_FORMS,
    "pt": ZERO_IS_ONE,
    "ar": "nplurals=6; "
    "plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "ja": "nplurals=1; plural=0;",
}
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""
A_SENTENCE = 4  # words from which on a text that equals the English one was simply not translated

Id = str | tuple[str, ...]
Messages = dict[str, str]  # a message and its plural, which is empty where there is none


def collect(root: Path) -> Messages:
    """Every message that t, tn, N_ and `words.text` are called with under `root`."""
    found: Messages = {}
    for path, messages in _sources(root):
        for message, plural in messages:
            if found.setdefault(message, plural) != plural:
                raise ValueError(f"{path}: “{message}” is used with different plurals.")
    return found


def _sources(root: Path) -> Iterator[tuple[Path, Iterable[tuple[str, str]]]]:
    theme = root / "theme"
    for path in sorted(path for path in (theme / "templates").rglob("*") if path.is_file()):
        yield path, _extracted(path, "jinja2.ext:babel_extract")
    for path in sorted((theme / "whatsapp").glob("*.toml")):
        yield path, _said_by_template(tomllib.loads(path.read_text("utf-8")))
    for path in sorted((theme / "static").rglob("*.js")):
        yield path, _extracted(path, "javascript")
    for path in sorted(path for folder in PYTHON for path in (root / folder).rglob("*.py")):
        yield path, _said_in(ast.parse(path.read_bytes(), path))


def _extracted(path: Path, method: str) -> Iterator[tuple[str, str]]:
    options = {"encoding": "utf-8", "silent": "false"}
    try:
        for _, said, _, _ in extract(method, io.BytesIO(path.read_bytes()), KEYWORDS, options=options):
            yield (said, "") if isinstance(said, str) else (said[0], said[1])
    except Exception as error:
        error.add_note(f"in {path}")
        raise


def _said_by_template(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A message template's sentence and the titles of its buttons."""
    for message in (told.get("body", ""), *told.get("quick_replies", ()), told.get("link", "")):
        if message:
            yield message, ""


def _said_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Babel's own reader of Python would take the key of `t(LABELS["door-code"])` for a message."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name("t" | "N_")
                | ast.Attribute(attr="t")
                | ast.Attribute(value=ast.Name("words") | ast.Attribute(attr="words"), attr="text"),
                args=[ast.Constant(str(message)), *_],
            ):
                yield message, ""
            case ast.Call(
                func=ast.Name("tn") | ast.Attribute(attr="tn"),
                args=[ast.Constant(str(message)), ast.Constant(str(plural)), *_],
            ):
                yield message, plural


def po_path(root: Path, language: str) -> Path:
    return root / "theme" / "locale" / language / "LC_MESSAGES" / "guestlink.po"


def read(path: Path) -> Catalog:
    return read_po(io.StringIO(path.read_text("utf-8")), abort_invalid=True)


def problems(language: str, wanted: Messages, book: Catalog) -> list[str]:
    """Everything a reader of `language` would trip over, one sentence each."""
    held = {_msgid(message): message for message in book if message.id}
    right = f"Language: {language}, Plural-Forms: {PLURAL_FORMS[language]}"
    told = f"Language: {book.locale_identifier}, Plural-Forms: {book.plural_forms}"
    return [
        *([] if told == right else [f"the header says {told}, not {right}"]),
        *(f"not in the file (update): {msgid}" for msgid in sorted(wanted.keys() - held.keys())),
        *(f"used nowhere (prune): {msgid}" for msgid in sorted(held.keys() - wanted.keys())),
        *(f"obsolete (prune): {msgid}" for msgid in book.obsolete),
        *(
            f"{fault}: {msgid}"
            for msgid, message in sorted(held.items())
            if msgid in wanted
            for fault in dict.fromkeys(_faults(language, wanted[msgid], message, book))
        ),
    ]


def _faults(language: str, plural: str, message: Message, book: Catalog) -> Iterator[str]:
    msgid, forms = _msgid(message), _forms(message)
    if message.fuzzy:
        yield "fuzzy"
    if message.context:
        yield "has a context"
    if message.id != _id(msgid, plural) or len(forms) != (book.num_plurals if plural else 1):
        yield "other forms"
    if not all(forms):
        yield "not translated"
        return
    for index, text in enumerate(forms):
        spared = {"{n}"} if plural and index in _forms_of_one_number(book.plural_expr) else set()
        if _placeholders(text) | spared != _placeholders(msgid + plural) | spared:
            yield "other placeholders"
        if (text[:1].isspace(), text[-1:].isspace()) != (msgid[:1].isspace(), msgid[-1:].isspace()):
            yield "other spaces at its ends"
        if re.search("[!¡！]", text):
            yield "exclaims"
        if language != "en" and text == msgid and len(text.split()) >= A_SENTENCE:
            yield "still English"


@cache
def _forms_of_one_number(plural_expr: str) -> frozenset[int]:
    """Forms in which `{n}` may be left out: Arabic has words for one night and for two."""
    used = Counter(map(c2py(plural_expr), range(1000)))
    return frozenset(form for form, numbers in used.items() if numbers == 1)


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{[^{}]*\}", text))


def _id(msgid: str, plural: str) -> Id:
    return (msgid, plural) if plural else msgid


def _msgid(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _plural(message: Message) -> str:
    return "" if isinstance(message.id, str) else message.id[1]


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def update(root: Path, *, prune: bool = False) -> None:
    """Add what is new to all eight files, English as it stands; with `prune`, drop what is used nowhere."""
    wanted = collect(root)
    for language in PLURAL_FORMS:
        path = po_path(root, language)
        book = read(path) if path.exists() else Catalog()
        held = {_msgid(message): message for message in book if message.id}
        fresh = Catalog(locale=language)
        for msgid in sorted(wanted.keys() if prune else wanted.keys() | held.keys()):
            old = held.get(msgid)
            said = _id(msgid, wanted[msgid] if msgid in wanted else _plural(held[msgid]))
            if old is None or old.id != said:
                old = Message(said, _blank(said, language, fresh.num_plurals))
            fresh.add(said, old.string, flags=old.flags, user_comments=old.user_comments)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_as_bytes(fresh, language))


def _blank(said: Id, language: str, forms: int) -> Id:
    if language == "en":
        return said
    return "" if isinstance(said, str) else ("",) * forms


def _as_bytes(book: Catalog, language: str) -> bytes:
    body = io.BytesIO()
    write_po(body, book, width=0, no_location=True, omit_header=True, sort_output=True)
    header = HEADER.format(language=language, plural_forms=PLURAL_FORMS[language])
    return (header + body.getvalue().decode("utf-8")).rstrip("\n").encode("utf-8") + b"\n"


def main(command: str) -> None:
    if command not in {"update", "prune", "missing"}:
        raise SystemExit("Say update, prune or missing.")
    if command != "missing":
        update(ROOT, prune=command == "prune")
    wanted = collect(ROOT)
    for language in PLURAL_FORMS:
        wrong = problems(language, wanted, read(po_path(ROOT, language)))
        sys.stdout.write(f"{language}: {len(wanted)} messages, {len(wrong)} to mend\n")
        if command == "missing":
            sys.stdout.writelines(f"  {problem}\n" for problem in wrong)


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["missing"])
