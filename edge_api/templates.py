"""Message templates in the languages of the catalogues, and what became of them at Meta."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from edge_api.drafts import LONGEST_BODY, Draft, our_language
from edge_api.messages import TEMPLATE_PARAMETER, GuestLinkOf, Template, TemplateChanged, shortened
from edge_api.template_files import Form, draft_of, numbered, read_forms
from guestlink import alerts, clock
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound
from guestlink.language import LANGUAGES, Catalogue, chrome_language, native_name

FOLDER: Final = "whatsapp"
# What a webhook may tell; a quality update or a word that Meta invents later changes no state.
NEWS: Final = {
    **{
        each: each
        for each in ("APPROVED", "PENDING", "IN_APPEAL", "REJECTED", "PAUSED", "DISABLED", "LOCKED")
    },
    **{each: each for each in ("ARCHIVED", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED")},
    "REINSTATED": "APPROVED",
    "UNARCHIVED": "APPROVED",
}
FINE: Final = frozenset({"APPROVED", "PENDING", "IN_APPEAL"})
STATES: Final = {
    "APPROVED": "approved",
    "PENDING": "in review",
    "REJECTED": "rejected",
    "PAUSED": "paused by Meta",
    "DISABLED": "switched off by Meta",
}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A template as we know it to be at Meta; `body_hash` is of the words that were handed in."""

    name: str
    language: str
    meta_id: str
    category: str
    state: str
    reason: str
    body_hash: str

    @property
    def words(self) -> str:
        return _in_words(self.state)


class Templates:
    """All templates of the theme."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self.forms = {form.name: form for form in forms}

    def form(self, name: str) -> Form:
        if name not in self.forms:
            raise NotFound(f"There is no message template {name!r}.", hint=f"Known: {', '.join(self.forms)}.")
        return self.forms[name]

    def rendered(
        self,
        name: str,
        language: str,
        words: Catalogue,
        *,
        payloads: tuple[str, ...] = (),
        link: GuestLinkOf | None = None,
        **values: str,
    ) -> Template:
        """A message by this template: `values` by name, put in the order of the sentence in `words`, and
        shortened when together they are more than a body may hold (132005).
        """
        body, names = numbered(self.form(name).body, words)
        filled = _within([values[each] for each in names], LONGEST_BODY - len(body))
        return Template(
            name=name, language=chrome_language(language), values=filled, payloads=payloads, link=link
        )

    def draft(self, name: str, words: Catalogue, *, public_url: str) -> Draft:
        """What Meta reviews of it in the language of `words`."""
        return draft_of(self.form(name), words, public_url=public_url)


def _within(values: Sequence[str], room: int) -> tuple[str, ...]:
    """The longest give way first, all to the same length."""
    left, most = room, TEMPLATE_PARAMETER
    for index, length in enumerate(sorted(map(len, values))):
        share = left // (len(values) - index)
        if length > share:
            most = min(most, share)
            break
        left -= length
    return tuple(shortened(each, most) for each in values)


def load_templates(theme: Path) -> Templates:
    """Every file of theme/whatsapp; ContentErrors tells all mistakes with file and line."""
    return Templates(read_forms(theme / FOLDER))


# -- at Meta ---------------------------------------------------------------------------------------
def held_templates(db: Reading) -> dict[tuple[str, str], Held]:
    """What we know to be at Meta, by name and language."""
    rows = db.all("message_templates")
    return {(each.name, each.language): each for each in (_held(row) for row in rows)}


def is_usable(db: Reading, name: str, language: str) -> bool:
    """Whether messages may be sent by it now."""
    row = db.one("message_template", name=name, language=chrome_language(language))
    return row is not None and row["state"] == "APPROVED"


def languages_in_use(db: Reading) -> tuple[str, ...]:
    """The languages that houses, staff and guests of this deployment have; English is always one."""
    used = {chrome_language(str(row["language"])) for row in db.all("languages_in_use")} | {"en"}
    return tuple(each for each in LANGUAGES if each in used)


def begin(tx: Writing, draft: Draft, *, at: datetime) -> None:
    """Is about to be handed in. Written first, so that the answer of a quick review finds its row."""
    tx.do(
        "begin_template",
        name=draft.name,
        language=draft.language,
        category=draft.category,
        at=clock.as_text(at),
    )


def handed_in(tx: Writing, draft: Draft, *, meta_id: str, state: str, category: str, at: datetime) -> None:
    """Meta has it. Its state is left as it is unless the answer says more than that a review begins."""
    tx.do(
        "keep_template",
        name=draft.name,
        language=draft.language,
        meta_id=meta_id,
        category=category,
        body_hash=draft.digest,
        at=clock.as_text(at),
    )
    if state != "PENDING":
        changed = TemplateChanged(meta_id=meta_id, name=draft.name, language=draft.language, state=state)
        record_state(tx, changed, at=at)


def take_back(tx: Writing, draft: Draft, old: Held | None, *, at: datetime) -> None:
    """Meta did not take it: all is as it was before."""
    if old is None:
        tx.do("drop_template", name=draft.name, language=draft.language)
        return
    before = {"name": draft.name, "language": draft.language, "at": clock.as_text(at)}
    tx.do("set_template_state", state=old.state, reason=old.reason, meta_id=old.meta_id, **before)
    tx.do("keep_template", meta_id=old.meta_id, category=old.category, body_hash=old.body_hash, **before)


def record_state(tx: Writing, changed: TemplateChanged, *, at: datetime) -> bool:
    """What Meta says about a template; False when it is none of ours. A state in which nothing can be sent
    is an alert until it is over.
    """
    language = our_language(changed.language)
    row = tx.one("message_template", name=changed.name, language=language)
    if row is None:
        return False
    state = NEWS.get(changed.state.upper())
    if state is None:
        return True
    tx.do(
        "set_template_state",
        name=changed.name,
        language=language,
        state=state,
        reason="" if changed.reason == "NONE" else changed.reason,
        meta_id=changed.meta_id,
        at=clock.as_text(at),
    )
    subject = f"{changed.name} ({language})"
    if state not in FINE:
        words = f"The message template {subject} is {_in_words(state)}: `publish.py templates`."
        alerts.raise_alert(tx, kind="template-rejected", subject=subject, words=words, at=at)
    elif state == "APPROVED":
        alerts.end_alert(tx, kind="template-rejected", subject=subject, at=at)
        alerts.end_alert(tx, kind="template-missing", subject=language, at=at)
    return True


def note_missing(tx: Writing, conversation_id: str, *, at: datetime) -> None:
    """Somebody could not be written to since the message has no approved template in their language: the host
    hears of the language once.
    """
    row = tx.one("conversation_by_id", id=conversation_id)
    language = chrome_language(str(row["language"]) or "en") if row else "en"
    name = native_name(language)
    words = f"No message template is approved in {name} yet: `publish.py templates submit` hands them in."
    alerts.raise_alert(tx, kind="template-missing", subject=language, words=words, at=at)


def refresh(
    tx: Writing,
    templates: Templates,
    found: Iterable[TemplateChanged],
    categories: Mapping[str, str],
    *,
    at: datetime,
) -> int:
    """Takes over how things stand at Meta for the templates of the theme; rows of what is gone there are
    dropped. `categories` is by Meta's id. How many rows changed.
    """
    held, there, count = held_templates(tx), set(), 0
    for each in found:
        key = (each.name, our_language(each.language))
        if each.name not in templates.forms or key[1] not in LANGUAGES:
            continue
        there.add(key)
        old = held.get(key)
        reason = "" if each.reason == "NONE" else each.reason
        if old is None:
            tx.do(
                "adopt_template",
                name=key[0],
                language=key[1],
                meta_id=each.meta_id,
                category=categories.get(each.meta_id, ""),
                state=each.state,
                reason=reason,
                at=clock.as_text(at),
            )
        elif (old.state, old.reason, old.meta_id) == (each.state, reason, each.meta_id):
            continue
        else:
            record_state(tx, each, at=at)
        count += 1
    for name, language in held.keys() - there:
        count += tx.do("drop_template", name=name, language=language)
    return count


def _held(row: Mapping[str, Any]) -> Held:
    return Held(**{name: str(row[name]) for name in Held.__struct_fields__})


def _in_words(state: str) -> str:
    return STATES.get(state, state.lower().replace("_", " "))
