"""What a message means: its intent, the subjects it names, and whether one may be asked for at once.

A request is made at once only when nothing speaks against it: no question, no "not", nothing wrong, nothing
that was, no word that could turn it. Everything else is offered, and the guest decides.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from edge_api.understanding import matching
from edge_api.understanding.index import HOLLOW, Index
from edge_api.understanding.lexicon import lexicon
from edge_api.understanding.matching import UNSPACED_FROM, Hit, How
from edge_api.understanding.signs import LONGEST_PHRASE, Signs, answer_of, is_whole, signs_of
from edge_api.understanding.subjects import Kind
from edge_api.understanding.values import numbers_in, time_in
from edge_api.understanding.words import Reading, read

Intent = Literal["stop", "resume", "greeting", "thanks", "yes", "no", "human", "menu", "subject", "unclear"]
ORDERS: Final[tuple[Literal["stop", "resume"], ...]] = ("stop", "resume")
NAMED: Final = 0.45  # what is less is not worth showing
SURE: Final = 0.79
RIVAL: Final = 0.85  # how near the next one comes before neither is sure
MOST_MATCHES: Final = 10
LESS: Final = 0.7
MORE: Final = 1.3
ALARM: Final = 2.0
TIE: Final = 0.02
WHEN: Final = 0.75
WHY: Final = frozenset("why warum pourquoi perche なぜ لماذا".split())
STRANGERS: Final = 2  # unknown words that a plain request may have in it


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that a message names; `score` from 0 to 1; `is_sure` when it may be asked for at once."""

    kind: Kind
    key: str
    score: float
    how: How
    is_sure: bool = False


class Understanding(msgspec.Struct, frozen=True, kw_only=True):
    """`matches` best first. `is_sure`: the first is a service that is asked for, and the only one.
    `has_more`: something is wrong, or told, that no text of the house answers.
    """

    intent: Intent
    matches: tuple[Match, ...] = ()
    is_question: bool = False
    is_sure: bool = False
    has_more: bool = False
    numbers: tuple[int, ...] = ()
    time: str = ""


class _Named(msgspec.Struct, frozen=True):
    number: int
    score: float
    hit: Hit
    spoken: frozenset[str] = frozenset()


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was read. `is_wrong`: it says in so many words that something does not work;
    `is_alarm`: it speaks of fire, a doctor or the police.
    """

    text: Reading
    index: Index
    signs: Signs
    is_wrong: bool
    is_thanked: bool
    is_alarm: bool
    languages: frozenset[str]


def understand(
    message: str, index: Index, *, languages: Sequence[str] = (), hidden: Collection[tuple[Kind, str]] = ()
) -> Understanding:
    """What a guest means. `languages` that the guest may write in decide between equals; `hidden` are
    subjects that this guest does not have. Never raises.
    """
    text = read(message)
    for order in ORDERS:
        if is_whole(text, order):
            return Understanding(intent=order)
    signs = signs_of(text)
    if answer := answer_of(text):
        return Understanding(intent=answer, is_question=signs.is_marked)
    found = matching.hits(text, index)
    told = _Told(
        text=text,
        index=index,
        signs=signs,
        is_wrong=_is_told_wrong(found, index, signs),
        is_thanked=_is_thanked(text, found, signs),
        is_alarm=any(_is_alarm(hit, index) for hit in found),
        languages=frozenset(language.partition("-")[0].lower() for language in languages),
    )
    named = _ranked(_named(found, told, hidden), told)
    if not named and signs.is_question:
        named = _by_text(text, index, hidden)
    matches = tuple(_match(each, named, told) for each in named[:MOST_MATCHES])
    is_sure = [match.is_sure for match in matches].count(True) == 1 and matches[0].is_sure
    return Understanding(
        intent=_intent(matches, told),
        matches=matches,
        is_question=signs.is_question and not is_sure,
        is_sure=is_sure,
        has_more=_has_more(named, told),
        numbers=numbers_in(text),
        time=time_in(text),
    )


def _intent(matches: Sequence[Match], told: _Told) -> Intent:
    is_human = bool(_said_at(told.text, "human", least=2))
    if told.is_thanked and matches and not matches[0].is_sure:
        return "thanks"
    if matches and not (is_human and matches[0].score < SURE):
        return "subject"
    return "human" if is_human else "unclear"


def _is_thanked(text: Reading, found: Sequence[Hit], signs: Signs) -> bool:
    """Thanks for what was: "thanks for the towels". Thanks at the end may be for what is to come."""
    if signs.request or signs.is_question or signs.trouble or signs.negation:
        return False
    first = min((place for hit in found for place in hit.places), default=0)
    before = _said_at(text, "thanks", least=1)
    return bool(before) and (min(before) <= first or bool(signs.over) or text.is_unspaced)


def _said_at(text: Reading, intent: str, *, least: int) -> list[int]:
    """Where one of the intent's phrases of at least so many words begins in the text."""
    words = [word.text for word in text.words]
    phrases = lexicon().whole[intent]
    starts = [
        start
        for start in range(len(words))
        for length in range(least, min(LONGEST_PHRASE, len(words) - start) + 1)
        if "".join(words[start : start + length]) in phrases
    ]
    if text.is_unspaced and any(phrase in text.sounds for phrase in lexicon().unspaced_whole[intent]):
        starts.append(0)
    return starts


# -- which subjects --------------------------------------------------------------------------------
def _named(found: Sequence[Hit], told: _Told, hidden: Collection[tuple[Kind, str]]) -> list[_Named]:
    """Each subject once, by its best hit. Everyday words alone name a section when it is asked about."""
    text, index, is_question = told.text, told.index, told.signs.is_question
    best: dict[int, _Named] = {}
    for hit in found:
        everyday = _is_everyday(text, hit)
        for owner in index.owners.get(hit.term, ()):
            subject = index.subjects[owner.number]
            score = hit.quality * owner.weight * (WHEN if _says_when(text, hit) else 1)
            if subject.kind == "section" and everyday:
                score *= matching.EVERYDAY if is_question else 0
            if (subject.kind, subject.key) not in hidden and _is_better(score, hit, best.get(owner.number)):
                best[owner.number] = _Named(owner.number, score, hit, owner.spoken)
    return [each for each in best.values() if each.score >= NAMED]


def _says_when(text: Reading, hit: Hit) -> bool:
    """Whether a name stands after a "before" or "after": "our bags after check-out"."""
    first, last = min(hit.places), max(hit.places)
    if first >= UNSPACED_FROM:
        return text.sounds.startswith(lexicon().unspaced_moment, last - UNSPACED_FROM + 1)
    while first and text.words[first - 1].text in HOLLOW:
        first -= 1
    return first > 0 and text.words[first - 1].text in lexicon().moment


def _is_better(score: float, hit: Hit, known: _Named | None) -> bool:
    return known is None or _weighed(score, hit) > _weighed(known.score, known.hit)


def _weighed(score: float, hit: Hit) -> float:
    """More words say more: "no hot water" before "water"."""
    return score + 0.05 * (min(len(hit.places), 4) - 1)


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


def _ranked(named: list[_Named], told: _Told) -> list[_Named]:
    """Best first: what is asked about is a section, what is asked for or broken a service."""
    signs = told.signs
    is_wish = told.is_wrong or (signs.request and not signs.question)
    wants = "service" if is_wish else "section" if signs.is_question else ""

    def rank(each: _Named) -> tuple[float, bool, int]:
        kind = told.index.subjects[each.number].kind
        is_less = bool(wants) and kind != wants and (is_wish or _shares(each, named, told.index))
        score = _weighed(each.score, each.hit)
        if _is_alarm(each.hit, told.index):
            return (-ALARM, False, each.number)
        if told.languages & each.spoken:
            score += TIE
        if each.number in told.index.troubles:
            score *= MORE if told.is_wrong else LESS
        return (-score * (LESS if is_less else 1), kind == "section", each.number)

    return sorted(named, key=rank)


def _shares(each: _Named, named: Sequence[_Named], index: Index) -> bool:
    """Whether the same words name a subject of the other kind too."""
    kind = index.subjects[each.number].kind
    return any(index.subjects[o.number].kind != kind and o.hit.places & each.hit.places for o in named)


# -- whether it is sure ----------------------------------------------------------------------------
def _match(each: _Named, named: Sequence[_Named], told: _Told) -> Match:
    subject = told.index.subjects[each.number]
    return Match(
        kind=subject.kind,
        key=subject.key,
        score=round(min(each.score, 1.0), 3),
        how=each.hit.how,
        is_sure=subject.kind == "service" and _is_sure(each, named, told),
    )


def _is_sure(each: _Named, named: Sequence[_Named], told: _Told) -> bool:
    signs = told.signs
    if not each.hit.is_whole or signs.condition or signs.over:
        return False
    if each.number in told.index.troubles:
        return told.is_wrong and set(signs.question) <= WHY
    if told.is_alarm or (len(each.hit.places) == 1 and _is_everyday(told.text, each.hit)):
        return False
    if each.score < SURE or any(_is_rival(each, other, told.index) for other in named):
        return False
    if signs.is_question or signs.negation or signs.trouble or told.is_thanked:
        return False
    return _strangers(told.text, named) <= (STRANGERS if signs.request else 0)


def _is_rival(each: _Named, other: _Named, index: Index) -> bool:
    """Another service that the same words may mean as well."""
    if other.number == each.number or index.subjects[other.number].kind != "service":
        return False
    return bool(other.hit.places & each.hit.places) and other.score >= each.score * RIVAL


def _is_told_wrong(found: Sequence[Hit], index: Index, signs: Signs) -> bool:
    """A phrase that tells of a trouble; or the name of what may be in trouble, with "broken" beside it."""
    for hit in found:
        if hit.is_whole and hit.quality >= matching.COMPOUND:
            if index.terms[hit.term].thing.startswith("trouble"):
                return True
            for owner in index.owners.get(hit.term, ()):
                said = signs.trouble or (signs.negation and owner.by_house)
                if said and owner.number in index.troubles:
                    return True
    return False


def _has_more(named: Sequence[_Named], told: _Told) -> bool:
    """A trouble, a "not", or a statement with words in it that no named subject explains."""
    signs = told.signs
    if told.is_wrong or told.is_alarm or signs.trouble or signs.negation:
        return True
    return not signs.is_question and _strangers(told.text, named) > (1 if signs.request else 0)


def _is_alarm(hit: Hit, index: Index) -> bool:
    return hit.term >= 0 and index.terms[hit.term].thing == "emergency" and hit.quality >= matching.SAME_STEM


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
