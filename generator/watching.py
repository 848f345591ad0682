"""Publishes on edit: which properties a batch of changed files touches, and the loop that publishes them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from watchfiles import watch

from generator.builds import working_mark
from generator.orders import Order, Outcome
from generator.press import Press, open_press
from generator.publishing import publish
from guestlink import clock
from guestlink.errors import GuestLinkError
from guestlink.settings import Settings, load_settings

DEBOUNCE_MILLISECONDS = 150


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of changes touches: names of content folders, and whether the theme changed."""

    properties: frozenset[str]
    theme: bool


def touched(paths: Iterable[str], settings: Settings) -> Edit:
    """Pure: paths of changed files -> what they touch."""
    content, theme = settings.content_folder.resolve(), settings.theme_folder.resolve()
    names, themed = set(), False
    for path in map(Path, paths):
        if path.is_relative_to(content) and len(path.relative_to(content).parts) > 1:
            names.add(path.relative_to(content).parts[0])
        themed = themed or path.is_relative_to(theme)
    return Edit(properties=frozenset(names), theme=themed)


def follow(settings: Settings, stop: threading.Event, tell: Callable[[list[Outcome], Press], None]) -> None:
    """Publishes what each batch of edits touches until `stop` is set."""
    press = open_press(settings)
    folders = [folder for folder in (settings.content_folder, settings.theme_folder) if folder.is_dir()]
    for changes in watch(*folders, stop_event=stop, debounce=DEBOUNCE_MILLISECONDS, raise_interrupt=False):
        edit = touched((path for _, path in changes), settings)
        if edit.theme or working_mark(press.settings) != press.mark:
            press = _reopened(press)
        tell(list(_published(press, edit)), press)


def _reopened(press: Press) -> Press:
    """A press with today's settings, keys and theme."""
    press.database.close()
    return open_press(load_settings(Path(press.settings.home)))


def _published(press: Press, edit: Edit) -> Iterator[Outcome]:
    at = clock.now()
    if edit.theme:
        yield from publish(press, Order(), at=at)
        return
    for slug in sorted(edit.properties):
        try:
            yield from publish(press, Order(only_property=slug), at=at)
        except GuestLinkError as error:
            yield Outcome(slug=slug, error=error)
