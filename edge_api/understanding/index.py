"""A house's subjects and the built-in words, put in order once, so that a message is matched in no time."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from edge_api.understanding.lexicon import Thing, lexicon
from edge_api.understanding.signs import is_said
from edge_api.understanding.subjects import Kind, Subject
from edge_api.understanding.words import Word, is_unspaced, read, spellings

WEAKEST_LINK: Final = 0.3
_AND = re.compile(r",? (?:and|und|et|y|e) |、|と|، | و ")
# Words that join others and mean nothing by themselves: they take no part in comparing names.
HOLLOW: Final = frozenset(
    (
        "a an the to of for at in on and or our my your is are be it i we you un una el la los las de "
        "del y o le les du des d l et ou au aux pour der die das den dem ein eine einen und oder zum "
        "zur im fur fuer furs fuers ist il lo gli di da della delle dei e per con os as do dos para "
        "em um uma que mi nos nuestro notre votre nel alla al avec mit ihr ihre am with from"
    ).split()
)


class Owner(msgspec.Struct, frozen=True):
    """Whose term it is: the subject's number, how much the term says of it, whether the house says so itself,
    and in which languages.
    """

    number: int
    weight: float
    by_house: bool
    spoken: frozenset[str]


class Term(msgspec.Struct, frozen=True):
    """A name as stems, or for Japanese as it sounds; `thing` for the built-in ones."""

    stems: tuple[str, ...]
    texts: tuple[str, ...]
    sounds: str = ""
    thing: str = ""


class Index(msgspec.Struct, frozen=True):
    """`by_stem`: stem -> numbers of terms; `near`: first letter -> words that a typing mistake may have
    meant; `heads`: last letters -> stems that end a compound; `troubles`: subjects for what is wrong; `rare`:
    stem -> subjects in whose texts it stands.
    """

    subjects: tuple[Subject, ...]
    terms: tuple[Term, ...]
    owners: Mapping[int, tuple[Owner, ...]]
    by_stem: Mapping[str, tuple[int, ...]]
    unspaced: tuple[int, ...]
    near: Mapping[str, tuple[Word, ...]]
    heads: Mapping[str, tuple[str, ...]]
    troubles: frozenset[int]
    rare: Mapping[str, tuple[int, ...]]


def prepare(subjects: Iterable[Subject]) -> Index:
    """The index of a house; made once for each state of the catalogue, in tens of milliseconds."""
    known = tuple(subjects)
    terms: dict[Term, None] = dict.fromkeys(term for thing in lexicon().things for term in _terms_of(thing))
    owned: dict[Term, dict[int, Owner]] = {}
    names = [_names(subject) for subject in known]
    for number, own in enumerate(names):
        for term, spoken in _spoken(own).items():
            terms[term] = None
            owned.setdefault(term, {})[number] = Owner(number, 1.0, True, spoken)
    troubles = set()
    for thing in (thing for thing in lexicon().things if not thing.is_apart):
        for number, own in enumerate(names):
            if (strength := _strength(thing, own)) >= WEAKEST_LINK:
                if thing.is_trouble:
                    troubles.add(number)
                for term, spoken in _terms_of(thing).items():
                    owner = Owner(number, 0.6 + 0.35 * strength, False, spoken)
                    owned.setdefault(term, {}).setdefault(number, owner)
    owners = {n: tuple(owned[term].values()) for n, term in enumerate(terms) if term in owned}
    return _ordered(known, tuple(terms), owners, troubles)


def _ordered(
    subjects: tuple[Subject, ...],
    terms: tuple[Term, ...],
    owners: Mapping[int, tuple[Owner, ...]],
    troubles: Iterable[int],
) -> Index:
    by_stem: dict[str, list[int]] = {}
    near: dict[str, dict[Word, None]] = {}
    for number, term in enumerate(terms):
        for stem, text in zip(term.stems, term.texts, strict=True):
            by_stem.setdefault(stem, []).append(number)
            near.setdefault(text[0], {})[Word(text, stem)] = None
    heads: dict[str, list[str]] = {}
    for stem in by_stem:
        if len(stem) >= 5 and stem.isascii():
            heads.setdefault(stem[-3:], []).append(stem)
    return Index(
        subjects=subjects,
        terms=terms,
        owners=owners,
        by_stem={stem: tuple(numbers) for stem, numbers in by_stem.items()},
        unspaced=tuple(number for number, term in enumerate(terms) if term.sounds),
        near={letter: tuple(words) for letter, words in near.items()},
        heads={end: tuple(stems) for end, stems in heads.items()},
        troubles=frozenset(troubles),
        rare=_rare(subjects),
    )


@cache
def _built_in() -> Mapping[str, Mapping[str, tuple[Term, ...]]]:
    """The terms of each thing, by language."""
    return {
        thing.key: {tag: tuple(dict.fromkeys(_terms(given, thing.key))) for tag, given in thing.terms.items()}
        for thing in lexicon().things
    }


def _terms_of(thing: Thing) -> Mapping[Term, frozenset[str]]:
    """Its terms, and in which languages each is said."""
    return _spoken(_built_in()[thing.key])


def _spoken(named: Mapping[str, Sequence[Term]]) -> dict[Term, frozenset[str]]:
    spoken: dict[Term, frozenset[str]] = {}
    for tag, terms in named.items():
        for term in terms:
            spoken[term] = spoken.get(term, frozenset()) | {tag.partition("-")[0].lower()}
    return spoken


def _names(subject: Subject) -> dict[str, tuple[Term, ...]]:
    """Its names by language, the title first; a section's also by its parts: `Heating and hot water`."""
    return {tag: tuple(dict.fromkeys(_of_title(subject.kind, given))) for tag, given in subject.names.items()}


def _of_title(kind: Kind, names: Sequence[str]) -> Iterable[Term]:
    parts = [part for name in names for part in _AND.split(name) if part != name] if kind == "section" else []
    return _terms(name for name in (*names[:1], *parts, *names[1:]) if not is_said(name))


def _terms(names: Iterable[str], thing: str = "") -> Iterable[Term]:
    for name in names:
        for spelled in spellings(name):
            text = read(spelled)
            if is_unspaced(text.sounds):
                yield Term((), (), text.sounds.replace(" ", ""), thing)
            elif words := _telling(text.words):
                yield Term(tuple(w.stem for w in words), tuple(w.text for w in words), "", thing)


def _telling(words: Sequence[Word]) -> list[Word]:
    kept = [word for word in words if word.text not in HOLLOW]
    return kept or list(words)


def _strength(thing: Thing, names: Mapping[str, Sequence[Term]]) -> float:
    """How much a subject is this thing: 1 when its title is just that, less when one of many keywords is.

    Only words of one language are compared: a French carrier is no Italian door.
    """
    best = 0.0
    for tag, own in names.items():
        stems = {stem for name in own for stem in name.stems}
        listed = _built_in()[thing.key].get(tag.partition("-")[0].lower(), ())
        terms = [term for term in listed if stems.issuperset(term.stems)]
        shares = [max((_share(term, name) for term in terms), default=0.0) for name in own]
        if any(shares):
            told = sum(share > 0.6 for share in shares) / len(shares)
            best = max(best, shares[0], max(shares) * (0.4 + 0.6 * told))
    return best


def _share(term: Term, name: Term) -> float:
    """How much of a name a term is; "fresh" in "fresh towels" is nothing of it."""
    if term.sounds:
        return len(term.sounds) / len(name.sounds) if term.sounds in name.sounds else 0.0
    if not term.stems or not set(term.stems) <= set(name.stems):
        return 0.0
    return min(
        len(term.stems) / (len([t for t in name.texts if t not in lexicon().filler]) or len(name.stems)), 1.0
    )


def _rare(subjects: Sequence[Subject]) -> dict[str, tuple[int, ...]]:
    """Stems that stand in the texts of one or two subjects only: they tell which is meant."""
    found: dict[str, set[int]] = {}
    for number, subject in enumerate(subjects):
        for text in subject.texts.values():
            for start in range(0, min(len(text), 6000), 900):
                for word in read(text[start : start + 900]).words:
                    if len(word.stem) >= 4:
                        found.setdefault(word.stem, set()).add(number)
    return {stem: tuple(numbers) for stem, numbers in found.items() if len(numbers) <= 2}
