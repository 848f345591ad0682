"""Pelican's reader of Markdown, for hosts' texts that may mean more than plain ones.

It is imported when the first such text is met: Pelican and Python-Markdown take longer than a hundred texts.
"""

import logging
from typing import TypeVar

from markdown.extensions.meta import MetaExtension, MetaPreprocessor
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from pelican.readers import Markdown, MarkdownReader  # type: ignore[import-untyped]

logging.setLoggerClass(logging.Logger)  # Pelican's import replaced it by one that swallows repetitions

T = TypeVar("T")

_META = 27  # where MetaExtension puts it: before anything that knows Markdown


class HostReader(MarkdownReader):  # type: ignore[misc] # Pelican has no types
    """Pelican's reader, for a text that has been read and checked already, and with fields of our own."""

    def __init__(self) -> None:
        super().__init__({"MARKDOWN": {}, "FORMATTED_FIELDS": []})
        tables = TableExtension(use_align_attribute=True)  # by its name, it is looked for in all packages
        self._md = Markdown(extensions=[MetaExtension(), tables, SaneListExtension()])

    def process_metadata(self, _name: str, value: T) -> T:
        """Pelican gives some fields a meaning of its own (status, tags); here they are merely unknown."""
        return value

    def read_text(self, text: str) -> tuple[str, dict[str, str | list[str]]]:
        """The HTML of the text and the values of the fields, one or a list for each."""
        self._md.reset()
        html = self._md.convert(text)
        values: dict[str, str | list[str]] = self._parse_metadata(self._md.Meta)
        self._md.preprocessors.register(MetaPreprocessor(self._md), "meta", _META)  # Pelican has taken it out
        return html, values
