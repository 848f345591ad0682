"""Whether a drawing may go on a page as it is: SVG that runs nothing, loads nothing and defines no entities.

Reads with expat, one element at a time. Never changes a drawing.
"""

import re
from typing import Final, NoReturn
from xml.parsers import expat

import msgspec

from guestlink.errors import ContentError

_SVG: Final = "http://www.w3.org/2000/svg"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_SHAPES: Final = frozenset(
    "svg g defs symbol use title desc metadata path rect circle ellipse line polyline polygon text tspan "
    "textPath image linearGradient radialGradient stop pattern clipPath mask marker filter style switch view "
    "a feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting "
    "feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur "
    "feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile "
    "feTurbulence".split()
)
_EMBEDDED = re.compile(r"data:image/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]*")
_LOADING = re.compile(r"url\(\s*[\"']?\s*(?!#)|@import|@font-face|image-set|\\|expression\(", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)(?:px)?\s*")


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing's size in pixels and the words drawn in it."""

    width: int
    height: int
    words: str


def inspect(raw: bytes) -> Drawing:
    """Size and words of a safe drawing; raises ContentError with the line of the first thing that is not."""
    reading = _Reading()
    try:
        reading.parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ContentError(
            "This is no SVG drawing.",
            line=error.lineno,
            hint=f"The file is damaged here: {expat.ErrorString(error.code)}.",
        ) from error
    width, height = reading.size
    return Drawing(width=width, height=height, words="".join(reading.words))


class _Reading:
    """One pass of expat over a drawing."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = lambda *_: self._refuse("a document type (<!DOCTYPE>)")
        self.parser.EntityDeclHandler = lambda *_: self._refuse("an entity")
        self.parser.ProcessingInstructionHandler = lambda *_: self._refuse("a processing instruction")
        self.parser.buffer_text = True
        self.size = (0, 0)
        self.words: list[str] = []
        self._open: list[str] = []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, element = tag.rpartition(" ")
        if not self._open:
            if (namespace, element) != (_SVG, "svg"):
                raise ContentError(
                    "This is no SVG drawing.", line=self._line, hint="It must begin with <svg xmlns=…>."
                )
            self.size = self._measured(attributes)
        if namespace == _XHTML or (namespace == _SVG and element not in _SHAPES):
            self._refuse(f"<{element}>")
        for name, value in attributes.items():
            self._check(element, name.rpartition(" ")[2].casefold(), value)
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        self.words.append(" ")
        self._open.pop()

    def _characters(self, text: str) -> None:
        if self._open[-1] == "style":
            self._check("style", "style", text)
        elif self._open[-1] in {"text", "tspan", "textPath", "title", "desc"}:
            self.words.append(text)

    def _check(self, element: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self._refuse(f"the script attribute {name}")
        if "javascript:" in re.sub(r"[\s\x00-\x1f]", "", value).casefold():
            self._refuse("a javascript: address")
        if name in {"href", "src", "base"} and not self._is_inside(element, value):
            self._refuse(f"a reference to something outside ({element} {name})")
        if _LOADING.search(value):
            self._refuse("a style that loads something")

    @staticmethod
    def _is_inside(element: str, value: str) -> bool:
        return value.startswith("#") or not value or (element == "image" and bool(_EMBEDDED.fullmatch(value)))

    def _measured(self, attributes: dict[str, str]) -> tuple[int, int]:
        sides = [_LENGTH.fullmatch(attributes.get(side, "")) for side in ("width", "height")]
        if sides[0] and sides[1]:
            size = float(sides[0][1]), float(sides[1][1])
        else:
            box = attributes.get("viewBox", "").replace(",", " ").split()
            numbers = [float(side) for side in box if re.fullmatch(r"-?\d{1,6}(\.\d+)?", side)]
            size = (numbers[2], numbers[3]) if len(box) == len(numbers) == 4 else (0.0, 0.0)
        if not all(1 <= side <= 100_000 for side in size):
            hint = 'Add viewBox="0 0 width height" to <svg>.'
            raise ContentError("This drawing does not say how large it is.", line=self._line, hint=hint)
        return round(size[0]), round(size[1])

    @property
    def _line(self) -> int:
        return self.parser.CurrentLineNumber

    def _refuse(self, what: str) -> NoReturn:
        raise ContentError(
            f"This drawing contains {what}, which may not go on a page.",
            line=self._line,
            hint="Export it again as plain SVG.",
        )
