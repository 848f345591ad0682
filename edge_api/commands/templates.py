"""`publish.py templates`: the message templates of the theme, and what Meta says about them."""

import argparse
from collections.abc import Sequence
from typing import Final

from edge_api import templates
from edge_api.account import Account, AtMeta, MetaRefused
from edge_api.drafts import Draft, mistakes
from edge_api.messages import TemplateChanged
from edge_api.templates import Held, Templates
from edge_api.whatsapp import Speaker
from guestlink import clock
from guestlink.errors import InvalidInput, SettingsError
from guestlink.language import LANGUAGES, load_catalogue
from guestlink.terminal import Desk

COLUMNS: Final = ("name", "language", "state", "reason")
NOT_HANDED_IN: Final = "not handed in"
OTHER_WORDS: Final = "other words than at Meta"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")
    _add_languages(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="submit|refresh")
    submit = verbs.add_parser("submit", help="hand in what is new or has changed, for Meta's review")
    _add_languages(submit)
    verbs.add_parser("refresh", help="ask Meta how they stand")


def _add_languages(parser: argparse.ArgumentParser) -> None:
    told = f"one of {', '.join(LANGUAGES)}; may be repeated; else those in use"
    parser.add_argument("--language", metavar="CODE", action="append", default=[], help=told)


def run(args: argparse.Namespace, desk: Desk) -> int:
    forms = templates.load_templates(desk.settings.theme_folder)
    unknown = [each for each in args.language if each not in LANGUAGES]
    if unknown:
        raise InvalidInput(f"There are no words in {unknown[0]!r}.", hint=f"Known: {', '.join(LANGUAGES)}.")
    with desk.database.read() as db:
        languages = tuple(args.language) or templates.languages_in_use(db)
    drafts = _drafts(desk, forms, languages)
    wrong = [(draft, told) for draft in drafts for _, told in mistakes(draft)]
    for draft, told in wrong:
        desk.warn(f"{draft.name} ({draft.language}): {told}")
    if wrong:
        raise InvalidInput(
            "Meta would refuse these words.", hint="Mend them in theme/whatsapp or theme/locale."
        )
    refused = _asked(args, desk, forms, drafts) if args.verb else 0
    _show(desk, drafts, as_json=args.json)
    return 1 if refused else 0


def _asked(args: argparse.Namespace, desk: Desk, forms: Templates, drafts: Sequence[Draft]) -> int:
    """Asks Meta, hands in if told to; how many were refused."""
    if not desk.settings.whatsapp_account_id:
        raise SettingsError(
            "The account that owns the templates is not known.",
            setting="whatsapp_account_id",
            hint="Set whatsapp_account_id to the id of the WhatsApp Business Account.",
        )
    speaker = Speaker(desk.settings)
    try:
        account = Account(speaker, desk.settings)
        _refresh(desk, account, forms)
        return _submit(desk, account, drafts) if args.verb == "submit" else 0
    finally:
        speaker.close()


def _refresh(desk: Desk, account: Account, forms: Templates) -> None:
    found = account.templates()
    told = [
        TemplateChanged(
            meta_id=each.id, name=each.name, language=each.language, state=each.state, reason=each.reason
        )
        for each in found
    ]
    categories = {each.id: each.category for each in found}
    with desk.database.write() as tx:
        templates.refresh(tx, forms, told, categories, at=clock.now())


def _submit(desk: Desk, account: Account, drafts: Sequence[Draft]) -> int:
    with desk.database.read() as db:
        held = templates.held_templates(db)
    refused = 0
    for draft in drafts:
        old = held.get((draft.name, draft.language))
        if old and old.body_hash == draft.digest:
            continue
        try:
            made = _handed_in(desk, account, draft, old)
            desk.say(f"{draft.name} ({draft.language}) is handed in.")
        except MetaRefused as error:
            refused += 1
            desk.warn(f"{draft.name} ({draft.language}): {error.message}")
            continue
        if made.category.upper() != draft.category:
            desk.warn(f"{draft.name} ({draft.language}): Meta makes it {made.category}, at another price.")
    return refused


def _handed_in(desk: Desk, account: Account, draft: Draft, old: Held | None) -> AtMeta:
    with desk.database.write() as tx:
        templates.begin(tx, draft, at=clock.now())
    try:
        made = account.submit(draft, meta_id=old.meta_id if old else "")
    except MetaRefused:
        with desk.database.write() as tx:
            templates.take_back(tx, draft, old, at=clock.now())
        raise
    with desk.database.write() as tx:
        templates.handed_in(
            tx, draft, meta_id=made.id, state=made.state, category=made.category, at=clock.now()
        )
    return made


def _drafts(desk: Desk, forms: Templates, languages: Sequence[str]) -> list[Draft]:
    folder, public_url = desk.settings.theme_folder / "locale", desk.settings.public_url
    words = [load_catalogue(folder, language, strict=language != "en") for language in languages]
    return [forms.draft(name, each, public_url=public_url) for name in forms.forms for each in words]


def _show(desk: Desk, drafts: Sequence[Draft], *, as_json: bool) -> None:
    with desk.database.read() as db:
        held = templates.held_templates(db)
    rows = [_row(draft, held.get((draft.name, draft.language))) for draft in drafts]
    if as_json:
        desk.json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
        return
    desk.table(COLUMNS, rows)
    usable = sum(row[2] == templates.STATES["APPROVED"] for row in rows)
    desk.say(f"{usable} of {len(rows)} can be used.", style="bold")


def _row(draft: Draft, held: Held | None) -> tuple[str, str, str, str]:
    if held is None:
        return draft.name, draft.language, NOT_HANDED_IN, ""
    reason = held.reason or (OTHER_WORDS if held.body_hash != draft.digest else "")
    return draft.name, draft.language, held.words, reason
