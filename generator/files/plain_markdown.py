"""Markdown as hosts mostly write it: paragraphs, lists, titles, bold, links. The very HTML of
Python-Markdown, thirty times as fast.

Whatever could mean anything else is left to Python-Markdown: a text is understood as a whole or not at all.
"""

import re
from collections.abc import Iterator
from typing import Final

# Characters that begin something else, wherever they stand; spaces that are not plain ones.
_OTHER: Final = re.compile(
    r"[\\`<>&_|\x00-\x09\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
_GAP: Final = re.compile(r"\n{2,}")
_TITLE: Final = re.compile(r"(#{1,6}) ([^#\s](?:[^#\n]*[^#\s])?)")
_NUMBER: Final = re.compile(r"\d+\. ")
_BEGINS_OTHER: Final = re.compile(r"[ #>=~:!+-]|\* |\d+\.|\Z")
_STRONG: Final = re.compile(r"\*\*([^*\s](?:[^*\n]*[^*\s])?)\*\*(?!\*)")
_EMPHASIS: Final = re.compile(r"(?<!\*)\*([^*\s](?:[^*\n]*[^*\s])?)\*(?!\*)")
_LINK: Final = re.compile(r"\[([^\[\]*\n]*[^\[\]*\s])\]\(([^\s()\"'*\[\]]+)\)")
_MARK: Final = re.compile(r"\[\[([a-z0-9 -]+)\]\](?![(\[:]| ?\[)")


def convert(text: str) -> str | None:
    """The HTML of a text without fields; None where Python-Markdown has to say what it means."""
    text = text.strip("\n")
    is_ragged = " \n" in text or text.endswith(" ")  # may be a break; a line of spaces alone is no gap
    if is_ragged or "![" in text or "]:" in text or _OTHER.search(text):
        return None
    made, is_list = [], False
    for block in _GAP.split(text) if text else ():
        html = _block(block)
        if html is None or (is_list and html.startswith(("<ul>", "<ol>"))):
            return None
        is_list = html.startswith(("<ul>", "<ol>"))
        made.append(html)
    return "\n".join(made)


def _block(block: str) -> str | None:
    """A title, a list or a paragraph."""
    if block.startswith("#") and (title := _TITLE.fullmatch(block)):
        html = _inline(title[2])
        return None if html is None else f"<h{len(title[1])}>{html}</h{len(title[1])}>"
    if block.startswith("- "):
        return _list(block, "ul")
    if block.startswith("1. "):
        return _list(block, "ol")
    if any(map(_BEGINS_OTHER.match, block.split("\n"))):
        return None
    html = _inline(block)
    return None if html is None else f"<p>{html}</p>"


def _list(block: str, tag: str) -> str | None:
    items: list[str] = []
    for line in block.split("\n"):
        begins = line.startswith("- ") if tag == "ul" else _NUMBER.match(line)
        words = line.lstrip(" ") if not begins else line.partition(" ")[2]
        if _BEGINS_OTHER.match(words):
            return None
        if begins:
            items.append(words)
        else:
            items[-1] += f"\n{line}"
    inner = [_inline(item) for item in items]
    if None in inner:
        return None
    return "\n".join([f"<{tag}>", *(f"<li>{html}</li>" for html in inner), f"</{tag}>"])


def _inline(text: str) -> str | None:
    """Links, bold and emphasis, none inside another; marks of secrets stay as they are."""
    if "[" not in text and "]" not in text:
        return _stressed(text)
    made = []
    for piece in _pieces(text):
        if isinstance(piece, re.Match):
            made.append(f'<a href="{piece[2]}">{piece[1]}</a>' if piece.re is _LINK else piece[0])
        elif "[" in piece or "]" in piece:
            return None
        else:
            stressed = _stressed(piece)
            if stressed is None:
                return None
            made.append(stressed)
    return "".join(made)


def _pieces(text: str) -> Iterator[str | re.Match[str]]:
    """Links and marks, and the words between them."""
    at = 0
    while (begins := text.find("[", at)) >= 0:
        found = _MARK.match(text, begins) or _LINK.match(text, begins)
        if not found:
            break
        yield text[at:begins]
        yield found
        at = found.end()
    yield text[at:]


def _stressed(text: str) -> str | None:
    if "*" not in text:
        return text
    html = _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", text))
    return None if "*" in html else html
