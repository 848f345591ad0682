"""The private blocks of pages, a chunk at a time: those that were kept, else opened, written and sealed anew.

The mark of a page stands for all that its private blocks are made from, and for nothing that lies in clear on
the page alone: a text that everybody may read is edited without opening a single name.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence

import msgspec

from generator.files.host_content import HostContent
from generator.files.shapes import Section, is_private
from generator.kept_blocks import SIGNED_BYTES, KeptBlocks
from generator.pages import Page, Site
from generator.parts.picture import mentioned
from generator.rendering import Blocks, Renderer
from generator.views import Opener
from guestlink.records import moments


class Sealing:
    """Makes the private blocks of one property's pages, and the signed queries of its gates."""

    def __init__(self, renderer: Renderer, opener: Opener, *, marks: "Marks", kept: KeptBlocks) -> None:
        self._renderer = renderer
        self._opener = opener
        self._marks = marks
        self._kept = kept

    def query(self, gate: Page) -> str:
        """The signed query of a gate: that of the pages behind it."""
        return self._opener.query(gate)

    def blocks(self, pages: Sequence[Page]) -> Mapping[str, Blocks]:
        """The private blocks of these pages, by path."""
        if not pages:
            return {}
        marks = {page.path: self._marks.of(page) for page in pages}
        found = self._kept.find(marks)
        for page in pages:
            if page.path in found:
                self._opener.is_signed(page, found[page.path].query)
        missing = [page for page in pages if page.path not in found]
        if not missing:
            return found
        signed = self._kept.queries({page.path: marks[page.path] for page in missing})
        for page in missing:
            if page.path in signed:
                self._opener.is_signed(page, signed[page.path])
        blocks = self._renderer.blocks(list(zip(missing, self._opener.privates(missing), strict=True)))
        made = {page.path: each for page, each in zip(missing, blocks, strict=True)}
        self._kept.keep(made, marks)
        return found | made


class Marks:
    """The marks of one property's pages; `key` makes them say nothing to anybody else."""

    def __init__(self, content: HostContent, site: Site, *, key: bytes) -> None:
        self._content = content
        self._site = site.build, site.public_url, site.key_id, zlib.ZLIB_RUNTIME_VERSION
        self._key = key
        self._shared: dict[str, bytes] = {}
        self._texts: dict[tuple[object, ...], bytes] = {}

    def of(self, page: Page) -> bytes:
        """48 bytes, of which the first 16 stand for what the signed query is made from. Of what is sealed in
        the records it takes the ciphertext, which is another one with each writing: versions begin anew when
        a backup is brought back.
        """
        view, link = page.view, page.view.link
        shown = {window.secret_id for window in page.shown}
        made_from = (
            self._shared_in(page.language),
            self._texts_of(page),
            (page.path, page.language, page.phase, page.policy_end, page.direct),
            (page.shown, page.coming, page.missing),
            (link.id, link.slug, link.generation, link.page_key),
            (view.guest.id, view.guest.name) if view.guest else (),
            view.arrival,
            [(secret.id, secret.value) for secret in view.secrets if secret.id in shown],
            (view.stay, view.periods, moments(view.stay, view.house)),
            msgspec.structs.replace(view.house, changes=0),
        )
        signed = self._digest((self._site, link.slug, page.policy_end))
        return signed[:SIGNED_BYTES] + self._digest(made_from)

    def _shared_in(self, tag: str) -> bytes:
        """The program, and what the property says in every private block of one language."""
        if tag not in self._shared:
            content = self._content
            said = content.words_in(tag), content.phone, content.whatsapp, content.wifi
            self._shared[tag] = self._digest((self._site, said, content.pictures))
        return self._shared[tag]

    def _texts_of(self, page: Page) -> bytes:
        """Sealed sections and notices whole; of clear sections their places, and what private pictures they
        leave out.
        """
        key = page.language, page.clear, page.sealed, page.sealed_notices
        if key not in self._texts:
            sections, notices, tag = self._content.sections, self._content.notices, page.language
            clear = [_beside(self._content.pick(sections[name], tag)) for name in page.clear]
            sealed = [self._content.pick(sections[name], tag) for name in page.sealed]
            told = [self._content.pick(notices[name], tag) for name in page.sealed_notices]
            self._texts[key] = self._digest((clear, sealed, told))
        return self._texts[key]

    def _digest(self, parts: object) -> bytes:
        return hashlib.blake2b(msgspec.msgpack.encode(parts), key=self._key, digest_size=32).digest()


def _beside(section: Section) -> tuple[object, ...]:
    """What a private block knows of a clear section."""
    pictures = [(name, alt) for name, alt in mentioned(section) if is_private(name)]
    first = section.picture if is_private(section.picture) else ""
    return section.key, section.order, section.lead, first, pictures
