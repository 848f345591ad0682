"""The sentences of the house to its own people about codes and rooms, in their language. It decides nothing.

A code never stands in a message, not even to whoever has just written it.
"""

from collections.abc import Sequence
from typing import Final

from edge_api.messages import MOST_ROWS, Buttons, Choice, Group, Options, Outgoing, Text
from guestlink.language import N_, Catalogue

OVER: Final = N_("This question is over: it was answered, or ten minutes have passed. Write it once more.")
NO_STAY: Final = N_("This stay was cancelled or is not known any more.")


# -- codes -------------------------------------------------------------------------------------------
def is_it_valid(words: Catalogue, where: str, what: str, *, size: int, wish_id: str) -> Outgoing:
    """The question before a new value counts; its length shows whether it was understood."""
    t = words.text
    lines = (
        f"*{where}: {what}*",
        t("Is what you have just written valid from now on?"),
        t("Number of characters: {size}", size=str(size)),
    )
    buttons = (
        Choice(payload=f"set-code:{wish_id}", title=t("Yes")),
        Choice(payload=f"drop-code:{wish_id}", title=t("No")),
    )
    return Buttons(text="\n".join(lines), buttons=buttons)


def which_code(
    words: Catalogue, rows: Sequence[tuple[str, str, str]], *, stray: bool, among: int
) -> Outgoing:
    """Several rooms, houses or codes may be meant: id, title and a few words of each; `among` so many."""
    t = words.text
    text = t("What is it for?")
    if stray:
        text = t("There is no such room. What is it for?")
    if among > len(rows):
        text = f"{text} {t('There are {count} in all.', count=str(among))}"
    made = tuple(Choice(payload=f"code:{wish_id}", title=title, text=more) for wish_id, title, more in rows)
    return Options(text=text, button=t("Choose"), groups=(Group(rows=made),))


def code_counts(words: Catalogue, where: str, what: str, *, has_own: bool) -> Outgoing:
    """Done; `has_own`: stays with a value of their own, which is another one."""
    t = words.text
    told = {"where": where, "what": what}
    lines = [t("{where}, {what}: valid from now on. Pages say so, and guests in the house are told.", **told)]
    if has_own:
        lines.append(t("Stays that have a value of their own keep it."))
    lines.append(t("Please delete your message in this chat: the value stands in it."))
    return Text(text="\n".join(lines))


def nothing_changed(words: Catalogue) -> Outgoing:
    return Text(text=words.text("Nothing was changed."))


def no_such_code(words: Catalogue, known: Sequence[str]) -> Outgoing:
    t = words.text
    text = t("Your house has no such code.")
    if known:
        text = f"{text} {t('It has: {codes}.', codes=', '.join(known))}"
    return Text(text=text)


def unclear_code(words: Catalogue) -> Outgoing:
    """It looks like a code, and nobody can tell which."""
    text = words.text(
        "If this was a new code: write what it is, the room and the value, one code in a message, such as"
        " “code 4 2580”. Nothing was changed."
    )
    return Text(text=text)


# -- rooms -------------------------------------------------------------------------------------------
def rooms(words: Catalogue, rows: Sequence[tuple[str, str, str]], *, arrivals: int) -> Outgoing:
    """Rooms of today's arrivals that are not ready: stay, title, when the guest is expected. A tap makes one
    ready.
    """
    t = words.text
    if not rows:
        return Text(
            text=t("All rooms of today’s arrivals are ready.") if arrivals else t("Nobody arrives today.")
        )
    made = tuple(
        Choice(payload=f"ready:{stay_id}", title=title, text=more)
        for stay_id, title, more in rows[:MOST_ROWS]
    )
    text = t("Today’s arrivals: choose the room that is ready.")
    if len(rows) > MOST_ROWS:
        text = f"{text} {t('There are {count} in all.', count=str(len(rows)))}"
    return Options(text=text, button=t("Rooms"), groups=(Group(rows=made),))


def expected(words: Catalogue, when: str) -> str:
    return words.text("Expected at {when}", when=when)


def room_ready(words: Catalogue, room: str, stay_id: str, *, is_told: bool) -> Outgoing:
    t = words.text
    text = t("{room} is ready; the guest is told.", room=room)
    if not is_told:
        text = t("{room} is ready; the guest’s page says so.", room=room)
    return Buttons(text=text, buttons=(Choice(payload=f"unready:{stay_id}", title=t("Not ready yet")),))


def room_not_ready(words: Catalogue, room: str) -> Outgoing:
    text = words.text(
        "{room} is not ready yet. Who has been told otherwise should hear it from you.", room=room
    )
    return Text(text=text)


def nobody_comes(words: Catalogue, room: str) -> Outgoing:
    return Text(text=words.text("Nobody arrives in {room} today.", room=room))
