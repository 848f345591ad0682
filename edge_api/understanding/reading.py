"""What a message means: its intent, the subjects it names, and whether one may be asked for at once.

A request is made at once only when nothing speaks against it: no question, no "not", nothing wrong, nothing
that was, no word that could turn it. Everything else is offered, and the guest decides.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from edge_api.understanding import matching
from edge_api.understanding.index import Index
from edge_api.understanding.lexicon import lexicon
from edge_api.understanding.matching import UNSPACED_FROM, Hit, How
from edge_api.understanding.signs import Signs, answer_of, is_resume, is_stop, signs_of
from edge_api.understanding.subjects import Kind
from edge_api.understanding.values import numbers_in, time_in
from edge_api.understanding.words import Reading, read

Intent = Literal["stop", "resume", "greeting", "thanks", "yes", "no", "human", "menu", "subject", "unclear"]
NAMED: Final = 0.45  # what is less is not worth showing
SURE: Final = 0.75
RIVAL: Final = 0.8  # how near the next one comes before neither is sure
MOST_MATCHES: Final = 10
LESS: Final = 0.7
STRANGERS: Final = 2  # unknown words that a plain request may have in it


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that a message names; `score` from 0 to 1; `is_sure` when it may be asked for at once."""

    kind: Kind
    key: str
    score: float
    how: How
    is_sure: bool = False


class Understanding(msgspec.Struct, frozen=True, kw_only=True):
    """`matches` best first. `is_sure`: the first is the one service that is asked for, and nothing else is."""

    intent: Intent
    matches: tuple[Match, ...] = ()
    is_question: bool = False
    is_sure: bool = False
    numbers: tuple[int, ...] = ()
    time: str = ""


class _Named(msgspec.Struct, frozen=True):
    number: int
    score: float
    hit: Hit


def understand(
    message: str, index: Index, *, languages: Sequence[str] = (), hidden: Collection[tuple[Kind, str]] = ()
) -> Understanding:
    """What a guest means. `languages`, the guest's first, decide between equals; `hidden` are subjects that
    this guest does not have. Never raises.
    """
    text = read(message)
    if is_stop(message) or is_resume(message):
        return Understanding(intent="stop" if is_stop(message) else "resume")
    signs = signs_of(text)
    if answer := answer_of(text):
        return Understanding(intent=answer, is_question=signs.is_marked)
    found = matching.hits(text, index)
    named = _ranked(_named(text, found, index, hidden), index, signs)
    matches = tuple(_match(text, each, named, index, signs) for each in named[:MOST_MATCHES])
    sure = [match for match in matches if match.is_sure]
    return Understanding(
        intent=_intent(text, matches, signs),
        matches=matches,
        is_question=signs.is_question,
        is_sure=len(sure) == 1 and matches[0].is_sure,
        numbers=numbers_in(message),
        time=time_in(message),
    )


def _intent(text: Reading, matches: Sequence[Match], signs: Signs) -> Intent:
    said = _said_within(text)
    if "thanks" in said and matches and not (signs.request or signs.is_question or signs.trouble):
        if not matches[0].is_sure:
            return "thanks"
    if matches and not ("human" in said and matches[0].score < SURE):
        return "subject"
    if "human" in said:
        return "human"
    return "unclear"


def _said_within(text: Reading) -> set[str]:
    """Which usual phrases stand somewhere in the text; of one word only thanks."""
    words = [word.text for word in text.words]
    whole = lexicon().whole
    said: set[str] = set()
    for start in range(len(words)):
        for length in range(1, min(6, len(words) - start) + 1):
            phrase = "".join(words[start : start + length])
            said |= {n for n in ("thanks", "human") if phrase in whole[n] and (length > 1 or n == "thanks")}
    if text.is_unspaced:
        said |= {n for n in ("thanks", "human") for p in lexicon().unspaced_whole[n] if p in text.sounds}
    return said


# -- which subjects --------------------------------------------------------------------------------
def _named(
    text: Reading, found: Sequence[Hit], index: Index, hidden: Collection[tuple[Kind, str]]
) -> list[_Named]:
    """Each subject once, by its best hit."""
    best: dict[int, _Named] = {}
    for hit in found:
        everyday = _is_everyday(text, hit)
        for owner in index.owners.get(hit.term, ()):
            subject = index.subjects[owner.number]
            score = hit.quality * owner.weight
            if subject.kind == "section" and everyday:
                score *= matching.EVERYDAY
            if (subject.kind, subject.key) not in hidden and _is_better(score, hit, best.get(owner.number)):
                best[owner.number] = _Named(owner.number, score, hit)
    return [each for each in best.values() if each.score >= NAMED] or _by_text(text, index, hidden)


def _is_better(score: float, hit: Hit, known: _Named | None) -> bool:
    return known is None or (score, len(hit.places)) > (known.score, len(known.hit.places))


def _is_everyday(text: Reading, hit: Hit) -> bool:
    words = [text.words[place].text for place in hit.places if place < UNSPACED_FROM]
    return bool(words) and all(word in lexicon().filler or word.isdecimal() for word in words)


def _by_text(text: Reading, index: Index, hidden: Collection[tuple[Kind, str]]) -> list[_Named]:
    """Nothing has this name: the subjects in whose text rare words of a question stand."""
    votes: dict[int, set[int]] = {}
    for place, word in enumerate(text.words):
        if word.text not in lexicon().filler and word.text not in lexicon().common:
            for number in index.rare.get(word.stem, ()):
                votes.setdefault(number, set()).add(place)
    return [
        _Named(
            number, min(0.4 + 0.1 * len(places), 0.7), Hit(-1, frozenset(places), 0.5, "text", is_whole=False)
        )
        for number, places in votes.items()
        if (index.subjects[number].kind, index.subjects[number].key) not in hidden
    ]


def _ranked(named: list[_Named], index: Index, signs: Signs) -> list[_Named]:
    """Best first: what is asked about is a section, what is asked for a service."""
    wants = "service" if signs.request and not signs.question else "section" if signs.is_question else ""
    if signs.trouble:
        wants = ""

    def rank(each: _Named) -> tuple[float, int, int]:
        kind = index.subjects[each.number].kind
        score = each.score + 0.05 * (len(each.hit.places) - 1)
        if each.number in index.troubles:
            score *= 1.3 if signs.trouble else LESS
        return (-score * (LESS if wants and kind != wants else 1), kind == "section", each.number)

    return sorted(named, key=rank)


# -- whether it is sure ----------------------------------------------------------------------------
def _match(text: Reading, each: _Named, named: Sequence[_Named], index: Index, signs: Signs) -> Match:
    subject = index.subjects[each.number]
    sure = subject.kind == "service" and _is_sure(text, each, named, index, signs)
    return Match(
        kind=subject.kind,
        key=subject.key,
        score=round(min(each.score, 1.0), 3),
        how=each.hit.how,
        is_sure=sure,
    )


def _is_sure(text: Reading, each: _Named, named: Sequence[_Named], index: Index, signs: Signs) -> bool:
    if each.score < SURE or not each.hit.is_whole or signs.condition or signs.over:
        return False
    if any(_is_rival(each, other, index) for other in named):
        return False
    if each.number in index.troubles:
        return _is_told_wrong(each, index, signs)
    if signs.is_question or signs.negation or signs.trouble:
        return False
    strangers = _strangers(text, named)
    return strangers <= (STRANGERS if signs.request else 0)


def _is_rival(each: _Named, other: _Named, index: Index) -> bool:
    """Another service that the same words may mean as well."""
    if other.number == each.number or index.subjects[other.number].kind != "service":
        return False
    return bool(other.hit.places & each.hit.places) and other.score >= each.score * RIVAL


def _is_told_wrong(each: _Named, index: Index, signs: Signs) -> bool:
    """Something does not work, in so many words: its name alone could be a question."""
    term = index.terms[each.hit.term]
    if signs.question and not set(signs.question) <= {"why"}:
        return False
    return term.thing.startswith("trouble") and bool(signs.trouble or signs.negation or len(term.stems) < 2)


def _strangers(text: Reading, named: Sequence[_Named]) -> int:
    """How many words of a message are neither named subjects nor everyday words."""
    covered = {place for each in named for place in each.hit.places}
    known = lexicon().filler | lexicon().polite
    words = [
        word
        for place, word in enumerate(text.words)
        if place not in covered
        and word.text not in known
        and not word.text.isdecimal()
        and word.text.isalnum()
        and not word.text[0] >= "\u3040"
    ]
    return len(words) + _unspaced_strangers(text, covered)


def _unspaced_strangers(text: Reading, covered: set[int]) -> int:
    """How many runs of kanji and katakana are left: what stands in hiragana says how, not what."""
    if not text.is_unspaced:
        return 0
    left = [
        " " if UNSPACED_FROM + place in covered or "\u3040" <= char <= "\u309f" or char < "\u3000" else char
        for place, char in enumerate(text.plain)
    ]
    rest = "".join(left)
    for word in lexicon().unspaced_filler:
        rest = rest.replace(word, " ")
    return len([run for run in rest.split() if any("\u30a0" <= char <= "\u9fff" for char in run)])
