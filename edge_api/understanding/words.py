"""Text as it is compared: folded, cut into words, each with its stem; how far two spellings are apart.

Japanese has no spaces: its runs stay whole and are searched for terms. Where a text is cut, it is cut short.
"""

import re
import unicodedata
from typing import Final, NamedTuple

LONGEST: Final = 1000  # characters that are read of a message
MOST_WORDS: Final = 150
LONGEST_WORD: Final = 32

CJK: Final = "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PICTURE: Final = "\u2600-\u27bf\U0001f300-\U0001faff"
_WORD = re.compile(rf"[{CJK}]+|\d+|[^\W\d_{CJK}]+(?:'[^\W\d_{CJK}]+)*|[{_PICTURE}]")
_UNSPACED = re.compile(rf"[{CJK}]")
_MARKS = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\ufe0e\ufe0f\u200b-\u200f]"
)
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_LETTERS = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ`´＇", "'"),
        **dict.fromkeys("٠۰", "0") | dict.fromkeys("١۱", "1") | dict.fromkeys("٢۲", "2"),
        **dict.fromkeys("٣۳", "3") | dict.fromkeys("٤۴", "4") | dict.fromkeys("٥۵", "5"),
        **dict.fromkeys("٦۶", "6") | dict.fromkeys("٧۷", "7") | dict.fromkeys("٨۸", "8"),
        **dict.fromkeys("٩۹", "9") | dict.fromkeys("ٱ", "ا") | {"ى": "ي", "ة": "ه", "ڤ": "ف", "پ": "ب"},
        "ø": "o",
        "œ": "oe",
        "æ": "ae",
        "ı": "i",
        "ł": "l",
    }
)
_ELISIONS = frozenset("l d j m t s n c qu dell nell all dall sull un quell dov cos".split())
_JOINS = frozenset(
    [
        *(
            ("check", "out"),
            ("check", "in"),
            ("checking", "out"),
            ("checking", "in"),
            ("wi", "fi"),
            ("w", "lan"),
        ),
        *(
            ("e", "bike"),
            ("e", "bikes"),
            ("high", "chair"),
            ("check", "outs"),
            ("hair", "dryer"),
            ("key", "box"),
        ),
        *(
            ("petit", "dejeuner"),
            ("petit", "dej"),
            ("pequeno", "almoco"),
            ("واي", "فاي"),
            ("الواي", "فاي"),
            ("house", "keeping"),
        ),
    ]
)
_ARTICLES = ("وال", "بال", "فال", "كال", "لل", "ال")
_ENDINGS = ("ern", "en", "er", "es", "os", "as", "is", "em", "e", "a", "o", "i", "n", "s")
_ARABIC_ENDINGS = ("تين", "ات", "ين", "ون", "ان", "ه", "ي")


class Word(NamedTuple):
    """A word as it was folded, and what it has in common with its other forms."""

    text: str
    stem: str


class Reading(NamedTuple):
    """A folded text: `plain` in its own script, `sounds` with katakana as hiragana, as long as `plain`; its
    words, and the same with spaces around them.
    """

    plain: str
    sounds: str
    words: tuple[Word, ...]
    spaced: str

    @property
    def is_unspaced(self) -> bool:
        return bool(_UNSPACED.search(self.sounds))


def read(text: str) -> Reading:
    """A text folded and cut into words."""
    plain = folded(text)
    sounds = plain.translate(_TO_HIRAGANA)
    words = _joined([piece for run in _WORD.findall(sounds) for piece in _parts(run)][:MOST_WORDS])
    return Reading(plain, sounds, words, f" {' '.join(word.text for word in words)} ")


def folded(text: str) -> str:
    """Without case, accents, vowel signs, widths of characters: what is left when people type in a hurry."""
    text = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST].casefold()
    text = _MARKS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", text).translate(_LETTERS)[:LONGEST]


def is_unspaced(text: str) -> bool:
    return bool(_UNSPACED.search(text))


def spellings(text: str) -> tuple[str, ...]:
    """A name as it may be typed: umlauts as they are, and as two letters."""
    wide = text.translate(_AS_TWO)
    return (text,) if wide == text else (text, wide)


_AS_TWO = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ñ": "nn"})


def stem(text: str) -> str:
    """What is left of a word without the ending of its number or case; alike for all languages."""
    if "\u0600" <= text[0] <= "\u06ff":
        text = next(
            (text[len(a) :] for a in _ARTICLES if text.startswith(a) and len(text) - len(a) > 2), text
        )
        return next(
            (text[: -len(e)] for e in _ARABIC_ENDINGS if text.endswith(e) and len(text) - len(e) > 2), text
        )
    if len(text) > 4 and text.endswith("ies"):
        return text[:-3] + "y"
    for ending in _ENDINGS:
        if text.endswith(ending) and len(text) - len(ending) >= (3 if ending == "s" else 4):
            return text[: -len(ending)]
    return text


def distance(one: str, other: str, most: int) -> int:
    """How many letters were left out, added, changed or swapped with the next one; `most` + 1 for more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, there in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != there))
            if last and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def may_differ(text: str) -> int:
    """How many typing mistakes a word may have and still be itself: short ones none."""
    return 0 if len(text) < 4 else 1 if len(text) < 8 else 2


def _parts(run: str) -> list[str]:
    """A run of letters as words: elisions apart (`l'eau`), shortened forms joined (`don't`)."""
    pieces = run.split("'")
    if len(pieces) > 1 and pieces[0] not in _ELISIONS:
        pieces = ["".join(pieces)]
    return [piece if is_unspaced(piece) else piece[:LONGEST_WORD] for piece in pieces if piece]


def _joined(pieces: list[str]) -> tuple[Word, ...]:
    """Words whose parts people write together or apart, together."""
    words: list[Word] = []
    skip = False
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=False):
        if skip:
            skip = False
            continue
        skip = (piece, following) in _JOINS
        text = piece + following if skip else piece
        words.append(Word(text, stem(text)))
    return tuple(words)
