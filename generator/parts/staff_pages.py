"""The pages of the staff board: a door that finds the language, one page for each, the worker that keeps it.

They hold no record and no text of a host: what is on the board comes from the API, after a sign-in.
"""

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from generator.parts.alert_words import ALERT_WORDS
from generator.parts.people_words import PEOPLE_WORDS
from generator.parts.sheet import PLACEHOLDER
from generator.parts.staff_app import manifest_path
from generator.parts.stay_words import STAY_WORDS
from generator.parts.talk_words import TALK_WORDS
from generator.parts.theme import Theme, board_policy, gate_policy
from generator.parts.wording import inert_json
from guestlink.language import LANGUAGES, N_, direction, native_name

FOLDER: Final = "staff/"
DOOR: Final = "staff/index.html"
WORKER: Final = "staff/sw.js"
# What the scripts say.
WORDS: Final = {
    "now": N_("now"),
    "no_line": N_("There is no connection to the house. Try again in a moment."),
    "too_many": N_("That was too much at once. Wait a moment, then try again."),
    "not_kept": N_("This is not kept on this device. It is here again when there is a connection."),
    "not_there": N_("This is not there any more."),
    "refused": N_("This could not be done. {reason}"),
    # coming in
    "sign_in": N_("Sign in"),
    "sign_in_as": N_("Sign in as {name}"),
    "code_sent": N_(
        "If this number belongs to somebody here, a code is on its way by WhatsApp. It counts for ten "
        "minutes."
    ),
    "phone_wrong": N_("This is no phone number. Write it with its country code, such as +44."),
    "code_wrong": N_("This code does not count. Look at it again, or ask for a new one."),
    "link_over": N_("This link was used before, or is over. Ask for a new one, or sign in by code."),
    "passkey_none": N_("No passkey was used."),
    "passkey_wrong": N_("This passkey opens nothing here. Sign in by code."),
    "passkey_made": N_("Done. Next time, use the passkey."),
    "passkey_failed": N_("No passkey was made. Try again in a moment."),
    "too_many_tries": N_("There were too many tries. Wait a few minutes, then try again."),
    "session_over": N_("You are signed out. Sign in again."),
    # how the line stands
    "line_live": N_("Live"),
    "line_slow": N_("Live, every few seconds"),
    "line_catching": N_("Catching up"),
    "line_offline": N_("Offline since {time}"),
    "as_of": N_("This is how it was at {time}. Nothing can be changed until there is a connection."),
    # a line
    "no_unit": N_("no room yet"),
    "urgent": N_("Urgent:"),
    "anything": N_("Anything else"),
    "fails": N_("{what} does not work"),
    "code_door-code": N_("Door code"),
    "code_gate-code": N_("Gate code"),
    "code_key-box": N_("Key box"),
    "code_wifi-password": N_("Wi-Fi password"),
    "code_exact-address": N_("Address"),
    "waits": N_("waits"),
    "overdue": N_("overdue"),
    "over": N_("{time} over"),
    "moving": N_("being sent"),
    "for_whom": N_("for {name}, {state}"),
    "you": N_("you"),
    "the_guest": N_("the guest"),
    "the_house": N_("the house"),
    "who_completed": N_("done by {name}"),
    "who_declined": N_("declined by {name}"),
    "who_cancelled": N_("taken back"),
    "do_accept": N_("Accept"),
    "do_take": N_("I will do it"),
    "do_done": N_("Done"),
    "do_reopen": N_("Open again"),
    "do_undo": N_("Undo"),
    "do_ready": N_("Ready"),
    "do_what": N_("{verb}: {what}, {unit}"),
    "empty": N_("Nothing open. Arrivals today: {arrivals}, departures: {departures}."),
    # more of one
    "in_words": N_("In words"),
    "price": N_("Price"),
    "free": N_("Free of charge"),
    "asked_at": N_("Asked"),
    "booking_word": N_("Booking"),
    "reason": N_("Reason"),
    "on_duty_name": N_("{name}, on duty"),
    "was_asked": N_("{time}: asked by {name}"),
    "was_accepted": N_("{time}: accepted by {name}"),
    "was_assigned_to": N_("{time}: given to {to} by {name}"),
    "was_assigned_self": N_("{time}: taken by {name}"),
    "was_declined": N_("{time}: declined by {name}"),
    "was_completed": N_("{time}: done by {name}"),
    "was_cancelled": N_("{time}: taken back by {name}"),
    "was_reopened": N_("{time}: opened again by {name}"),
    "was_noted": N_("{time}: note by {name}:"),
    "was_rated": N_("{time}: rated by {name}"),
    # somebody was faster
    "faster": N_("{name} was faster, at {time}. Look at what it is now."),
    "faster_accepted": N_("{name} was faster and accepted this at {time}."),
    "faster_completed": N_("{name} was faster: this was done at {time}."),
    "faster_declined": N_("{name} was faster and declined this at {time}."),
    "faster_cancelled": N_("{name} took this back at {time}."),
    "faster_reopened": N_("{name} opened this again at {time}."),
    "faster_assigned": N_("{name} gave this to somebody at {time}."),
    # what a screen reader hears
    "heard_new": N_("New: {what}, {unit}."),
    "heard_urgent": N_("New and urgent: {what}, {unit}."),
    "heard_requested": N_("Open again: {what}, {unit}."),
    "heard_accepted": N_("{name} has accepted: {what}, {unit}."),
    "heard_completed": N_("{name} has done: {what}, {unit}."),
    "heard_declined": N_("{name} has declined: {what}, {unit}."),
    "heard_cancelled": N_("{name} took back: {what}, {unit}."),
    # today
    "no_note": N_("No note."),
    "note_by": N_("{name}, {time}"),
    "note_write": N_("Write a note"),
    "note_change": N_("Change the note"),
    "nobody_on_duty": N_("Nobody is on duty now."),
    "from": N_("from {time}"),
    "until": N_("until {time}"),
    "room_ready": N_("Room ready"),
    "room_not_ready": N_("Room not ready"),
    "page_opened": N_("Page opened"),
    "page_not_opened": N_("Page not opened yet"),
    "codes_seen": N_("Codes seen"),
    **PEOPLE_WORDS,
    **TALK_WORDS,
    **STAY_WORDS,
    **ALERT_WORDS,
}


def page_context(theme: Theme, tag: str) -> dict[str, object]:
    """What the board's page prints in one language."""
    t, style, modules = theme.catalogue(tag).text, theme.staff_style(), _modules(theme)
    return {
        "title": t(N_("Staff board")),
        "csp": board_policy(style, modules),
        "style": style,
        "modules": modules,
        "lang": tag,
        "dir": direction(tag),
        "language_name": native_name(tag),
        "manifest": f"/{manifest_path(tag)}",
        "languages": _languages(),
        "words": inert_json({name: _phrase(t, said) for name, said in WORDS.items()}),
        "t": t,
    }


def door_context(theme: Theme) -> dict[str, object]:
    style, script = theme.gate_style(), theme.staff_door()
    return {
        "title": "Guest Link",
        "csp": gate_policy(style, script),
        "style": style,
        "script": script,
        "languages": _languages(),
    }


def staff_worker(theme: Theme) -> dict[str, bytes]:
    """The path and bytes of the board's worker; its files are named by their bytes, so it knows them all."""
    files = [f"/{path}" for path in theme.assets() if path.startswith("assets/staff/")]
    body = theme.environment.get_template("staff_sw.js").render(
        files=[*files, f"/{theme.asset('icon.svg')}"], icon=f"/{theme.asset('app-192.png')}"
    )
    return {WORKER: body.encode()}


def _phrase(t: Callable[..., str], words: str) -> str:
    """A sentence with its placeholders still in it."""
    return t(words, **{name: f"{{{name}}}" for name in PLACEHOLDER.findall(words)})


def _modules(theme: Theme) -> Markup:
    """The import map: modules call each other `staff/words.js`, whatever hash the name has."""
    return inert_json({"imports": {name: f"/{theme.asset(name)}" for name in theme.names(FOLDER)}})


def _languages() -> list[dict[str, str]]:
    return [{"tag": tag, "dir": direction(tag), "name": native_name(tag)} for tag in LANGUAGES]
