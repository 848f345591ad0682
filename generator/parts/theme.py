"""What people see, loaded from the theme folder: templates, icons, styles, scripts, catalogues.

It knows no property and no guest. Styles and scripts that lie inside a page are named by hash in its policy.
"""

import base64
import hashlib
import re
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from generator.parts.molds import Molds
from guestlink.errors import SettingsError
from guestlink.language import Catalogue, chrome_language, load_catalogue

INLINED: Final = frozenset(
    {
        "page.css",
        "gate.css",
        "gate.js",
        "curtain.js",
        "forget.js",
        "icons.svg",
        "open.js",
        "staff/door.js",
    }
)
TEMPLATE_OPTIONS: Final[dict[str, Any]] = {
    "autoescape": True,
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}
ACCENT: Final = "#7a5c3e"

BOARD_STYLE: Final = "staff/staff.css"
BOARD_STYLES: Final = re.compile(r"staff/\w+\.css\Z")

_SYMBOL = re.compile(r'<symbol id="([a-z]+)" viewBox="0 0 24 24">(.*?)</symbol>')
_ICON = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>'
_PAGE_POLICY: Final = Markup(
    "default-src 'none'; img-src 'self' data:; manifest-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; script-src 'self'{scripts}; style-src 'self' {style}; "
    "base-uri 'none'"
)
_GATE_POLICY: Final = Markup(
    "default-src 'none'; img-src data:; script-src {script}; style-src {style}; base-uri 'none'"
)
_OPEN_POLICY: Final = Markup(
    "default-src 'none'; img-src 'self' data:; form-action 'self'; style-src 'self' {style}; base-uri 'none'"
)


class Compiled(FileSystemBytecodeCache):
    """Templates as Python's code, kept in a folder of their own that may be emptied at any time. What was
    compiled from another text, with other options, or by another Jinja or Python, is not used.
    """

    def __init__(self, folder: Path) -> None:
        options = hashlib.sha256(repr(TEMPLATE_OPTIONS).encode()).hexdigest()[:8]
        super().__init__(str(folder), f"{jinja2.__version__}-{options}-%s.code")
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):  # on a full disk they are compiled each time
            super().dump_bytecode(bucket)


class Theme:
    """One reading of the theme folder. A changed file needs a new Theme; `fingerprint` tells when."""

    def __init__(self, folder: Path, *, compiled: Compiled | None = None) -> None:
        self.folder, self.compiled = folder, compiled
        self._paths: dict[str, str] = {}
        self._catalogues: dict[str, Catalogue] = {}
        for needed in ("templates/welcome.html", "static/page.css", "locale/en/LC_MESSAGES/guestlink.po"):
            if not (folder / needed).is_file():
                mend = "Set it to a folder like the program's own theme, or take the line away."
                raise SettingsError(f"The theme {folder} has no {needed}.", setting="theme", hint=mend)
        loader = FileSystemLoader(folder / "templates")
        self.environment = Environment(  # noqa: S701 - it is on
            loader=loader, auto_reload=False, bytecode_cache=compiled, **TEMPLATE_OPTIONS
        )
        self.environment.globals.update(self.globals)

    @cached_property
    def molds(self) -> Molds:
        """Its templates for values of which only the shape decides what they say."""
        template = self.environment.get_template
        return Molds(lambda name, values: template(name).render(values))

    @property
    def globals(self) -> dict[str, object]:
        """What every template may call."""
        return {"icon": self.icon, "asset": self.asset}

    @cached_property
    def fingerprint(self) -> str:
        """One hash over templates, static files and catalogues."""
        whole = hashlib.sha256()
        for part in ("templates", "static", "locale"):
            for file in _files(self.folder / part):
                whole.update(file.relative_to(self.folder).as_posix().encode() + b"\0")
                whole.update(hashlib.sha256(file.read_bytes()).digest())
        return whole.hexdigest()[:32]

    def assets(self) -> dict[str, bytes]:
        """Path -> bytes of the files that pages load; the name holds a hash of the bytes."""
        return {_hashed(name, body): body for name, body in self._static.items() if not _is_inlined(name)}

    def asset(self, name: str) -> str:
        """The path of a static file: `assets/welcome.0123456789abcdef.js`."""
        if name not in self._paths:
            self._paths[name] = _hashed(name, self._static[name])
        return self._paths[name]

    def names(self, folder: str) -> list[str]:
        """The static files below a folder that pages load, as `asset` wants them."""
        return [name for name in self._static if name.startswith(folder) and not _is_inlined(name)]

    def icon(self, name: str) -> Markup:
        """An icon of the sprite as a drawing for one place on the page."""
        return self._icons[name]

    def catalogue(self, language: str) -> Catalogue:
        spoken = chrome_language(language)
        if spoken not in self._catalogues:
            self._catalogues[spoken] = load_catalogue(self.folder / "locale", spoken)
        return self._catalogues[spoken]

    def page_style(self, accent: str) -> Markup:
        """The style of a page in its property's colour."""
        return Markup(":root{{--accent:{}}}").format(accent or ACCENT) + self._inline("page.css")

    @property
    def opener(self) -> Markup:
        """The script inside every welcome page that opens its sealed blocks."""
        return self._inline("open.js")

    def gate_style(self) -> Markup:
        return self._inline("gate.css")

    def gate_script(self) -> Markup:
        return self._inline("gate.js")

    @property
    def curtain(self) -> Markup:
        """The script that hides a welcome page until `opener` has run."""
        return self._inline("curtain.js")

    def staff_style(self) -> Markup:
        """The board's own style, then those of its parts."""
        parts = sorted(name for name in self._static if BOARD_STYLES.match(name) and name != BOARD_STYLE)
        return Markup().join(map(self._inline, [BOARD_STYLE, *parts]))

    def staff_door(self) -> Markup:
        """The script that leads to the staff board in somebody's language."""
        return self._inline("staff/door.js")

    def small_page_script(self) -> Markup:
        """On the page that the worker itself answers with."""
        return self._inline("forget.js")

    def _inline(self, name: str) -> Markup:
        return Markup(self._static[name].decode())  # noqa: S704 - the theme's own file

    @cached_property
    def _static(self) -> dict[str, bytes]:
        home = self.folder / "static"
        return {file.relative_to(home).as_posix(): _lean(file) for file in _files(home)}

    @cached_property
    def _icons(self) -> dict[str, Markup]:
        found = _SYMBOL.findall(self._static["icons.svg"].decode())
        return {name: Markup(_ICON.format(drawing)) for name, drawing in found}  # noqa: S704 - the theme's own file


def board_policy(style: str, *scripts: str) -> Markup:
    """As of a page; voice messages of guests are heard on it, too."""
    return page_policy(style, *scripts) + "; media-src 'self'"


def page_policy(style: str, *scripts: str) -> Markup:
    """The Content-Security-Policy of a page with one inline style and these inline scripts (DESIGN.md, 4)."""
    hashes = Markup().join(" " + source_hash(script) for script in scripts)
    return _PAGE_POLICY.format(scripts=hashes, style=source_hash(style))


def gate_policy(style: str, script: str) -> Markup:
    """A gate loads nothing at all."""
    return _GATE_POLICY.format(script=source_hash(script), style=source_hash(style))


def open_policy(style: str) -> Markup:
    """A page that the edge answers runs no script."""
    return _OPEN_POLICY.format(style=source_hash(style))


@cache
def source_hash(text: str) -> Markup:
    """A hash-source of CSP level 3, 2.3.1."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(f"'sha256-{digest}'")  # noqa: S704 - base64


def _is_inlined(name: str) -> bool:
    return name in INLINED or bool(BOARD_STYLES.match(name))


def packed(source: str) -> str:
    """A style without comments, line ends and the spaces that only people need."""
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", re.sub(r"\n\s*", "", bare)).replace(";}", "}").strip()


def packed_script(source: str) -> str:
    """A script without indentation, empty lines and the lines that are comments. Line ends stay: no
    statement is joined to another.
    """
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _lean(file: Path) -> bytes:
    """A static file's bytes as browsers get them."""
    packers = {".css": packed, ".js": packed_script}
    if file.suffix not in packers:
        return file.read_bytes()
    return packers[file.suffix](file.read_text("utf-8")).encode()


def _hashed(name: str, body: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    return f"assets/{stem}.{hashlib.sha256(body).hexdigest()[:16]}.{ending}"


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
