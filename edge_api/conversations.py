"""Routes of the staff board for conversations with guests: look, write, note, take over, decide; files.

What a caller does not reach is not there. Words and files are told to people of the house only, and no answer
is kept on the way.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from edge_api import archive, byte_ranges, composer, front_desk, registers, replies, search, threads
from edge_api.auth import Caller
from edge_api.composer import Composer, Window
from edge_api.correspondence import Conversation
from edge_api.counters import NEVER_STORED, Asking, HouseCounter, answered, sent
from edge_api.messages import LONGEST_TEXT
from edge_api.openapi import told
from edge_api.prices import NONE_KNOWN, load_prices
from edge_api.search import Found
from edge_api.templates import Templates, load_templates
from edge_api.threads import MessageLine, NoteLine, Summary, TypingLine, Who
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing
from guestlink.errors import NotFound
from guestlink.storage import Storage, open_storage

MOST: Final = 50
ID_SHOWN: Final = "01a203df-e148-7c92-8119-6773653d612b"
SHOWN_INLINE: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
HEARD_INLINE: Final = ("audio/", "video/")
FILE_HEADERS: Final = {
    **NEVER_STORED,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Page = Annotated[int, QueryParameter(ge=1, le=threads.MOST_MESSAGES, description="How many at most.")]
Key = Annotated[str, msgspec.Meta(pattern=f"^{front_desk.KEY.pattern}$")]


class Conversations(msgspec.Struct, frozen=True, kw_only=True):
    """Those with the newest message first, or who waits longest first; `next` goes into `before`."""

    conversations: tuple[Summary, ...]
    next: str | None


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation: its newest messages or those before one, the oldest of them first. `language` is the
    guest's; `at` is the time of the house's clock.
    """

    id: str
    property: str
    channel: str
    language: str
    at: datetime
    who: Who
    unit: str
    stay_id: str | None
    stay: str
    window: Window
    composer: Composer
    messages: tuple[MessageLine, ...]
    next: str | None
    notes: tuple[NoteLine, ...]
    typing: tuple[TypingLine, ...]
    assigned_to: str

    def __repr__(self) -> str:
        return f"Thread({self.id})"


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words for the guest; what is sent with a `key` is sent once."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
    key: Key

    def __repr__(self) -> str:
        return "Reply(hidden)"


class Remark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Among the people of the house; the guest never sees it."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=replies.LONGEST_NOTE)]

    def __repr__(self) -> str:
        return "Remark(hidden)"


class Holder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`to`: the id of somebody of the house, empty for nobody."""

    to: str


class HouseMeant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The short name of a house."""

    property: str


SHOWN: Final[Mapping[int, tuple[type, object]]] = {200: (Thread, None)}
Verb = Callable[[Writing, KeyRing, Conversation, Caller], None]


class TalkCounter:
    """Where conversations are looked at and acted upon: what all routes need for one."""

    def __init__(self, counter: HouseCounter) -> None:
        settings = counter.holdings.settings
        listed = settings.whatsapp_prices
        self._counter = counter
        self._prices = load_prices(settings.path(listed)) if listed else NONE_KNOWN
        self._settings = settings

    @cached_property
    def templates(self) -> Templates:
        return load_templates(self._settings.theme_folder)

    @cached_property
    def files(self) -> Storage:
        return open_storage(self._settings.media_url, home=Path(self._settings.home))

    def shown(
        self, db: Reading, ring: KeyRing, request: Asking, conversation_id: str, *, before: str = ""
    ) -> Thread:
        """A conversation as the caller reads it; reasons are in the language of Accept-Language."""
        talk = threads.in_reach(db, self._counter.caller(request).id, conversation_id)
        line, at, voice = threads.summary(db, ring, talk), self._counter.at(), self._counter.voice()
        assert voice is not None
        words = self._counter.holdings.words(_language(request))
        page = threads.messages_of(db, ring, talk, before=before, words=words, most=MOST + 1)
        told_of = {name: getattr(line, name) for name in Thread.__struct_fields__ if hasattr(line, name)}
        return Thread(
            **told_of,
            language=talk.language,
            at=at,
            window=composer.window(talk, at=at),
            composer=composer.composer(
                db, voice, talk, templates=self.templates, prices=self._prices, words=words, at=at
            ),
            messages=tuple(page[-MOST:]),
            next=page[-MOST].id if len(page) > MOST else None,
            notes=tuple(threads.notes_of(db, ring, talk)),
            typing=tuple(threads.typing_in(db, ring, talk.id, at=at)),
        )

    def done(
        self, request: Asking, conversation_id: str, verb: Verb, *, status: int = 200
    ) -> Response[bytes]:
        """One verb in a conversation; the answer is what it is afterwards."""
        caller = self._counter.caller(request)

        def act(tx: Writing, ring: KeyRing) -> Thread:
            verb(tx, ring, threads.in_reach(tx, caller.id, conversation_id), caller)
            return self.shown(tx, ring, request, conversation_id)

        return answered(self._counter.done(act))


def conversation_routes(counter: HouseCounter) -> list[HTTPRouteHandler]:
    talks = TalkCounter(counter)
    return [
        *_looking(counter, talks),
        *_writing(counter, talks),
        *_giving(counter, talks),
        *_deciding(counter, talks),
    ]


# -- looking -----------------------------------------------------------------------------------------
def _looking(counter: HouseCounter, talks: TalkCounter) -> list[HTTPRouteHandler]:
    @get(
        "/conversations",
        sync_to_thread=True,
        **told(
            "Conversations with guests, the newest message first; of those that wait, the longest first.",
            name="listConversations",
            gives={200: (Conversations, None)},
        ),
    )
    def every(
        request: Asking,
        *,
        property: Annotated[str, QueryParameter(description="The short name of a house.")] = "",  # noqa: A002
        waiting: Annotated[bool, QueryParameter(description="Those that wait for a person.")] = False,
        q: Annotated[str, QueryParameter(max_length=100, description="As `/search` looks.")] = "",
        stay: Annotated[str, QueryParameter(description="The id of a stay: those of its guests.")] = "",
        before: Annotated[str, QueryParameter(description="The `next` of the page before.")] = "",
        most: Page = MOST,
    ) -> Response[bytes]:
        caller = counter.caller(request)
        wanted = {"property": property, "before": before}

        def look(db: Reading, ring: KeyRing) -> Conversations:
            if stay:
                return Conversations(
                    conversations=tuple(threads.of_stay(db, ring, caller.id, stay)), next=None
                )
            if q:
                return Conversations(
                    conversations=search.look_for(db, ring, caller.id, q, at=counter.at()).conversations,
                    next=None,
                )
            found, following = threads.listed(db, ring, caller.id, waiting=waiting, most=most, **wanted)
            return Conversations(conversations=tuple(found), next=following)

        return answered(counter.told(look))

    @get(
        "/conversations/{conversation_id:str}",
        sync_to_thread=True,
        **told(
            "A conversation: what was said, what may be written now and at what price, notes.",
            name="getConversation",
            gives=SHOWN,
            refuses=(404,),
        ),
    )
    def one(
        request: Asking,
        conversation_id: FromPath[str],
        *,
        before: Annotated[str, QueryParameter(description="The `next` of the page before.")] = "",
    ) -> Response[bytes]:
        return answered(
            counter.told(lambda db, ring: talks.shown(db, ring, request, conversation_id, before=before))
        )

    @get(
        "/media/{message_id:str}",
        sync_to_thread=True,
        **told(
            "A file that a guest sent, as it was sent.",
            name="getMedia",
            gives={200: (bytes, None)},
            refuses=(404,),
            media_type="application/octet-stream",
        ),
    )
    def file(request: Asking, message_id: FromPath[str]) -> Response[bytes]:
        caller = counter.caller(request)

        def look(db: Reading, ring: KeyRing) -> tuple[bytes, str, str]:
            known = registers.ID.fullmatch(message_id)
            if not known or db.one("message_in_reach", caller=caller.id, id=message_id) is None:
                raise NotFound("There is no such file.")
            return archive.opened(db, ring, talks.files, message_id)

        body, media_type, name = counter.told(look)
        headers = _file_headers(media_type, name)
        return _parted(request.headers.get("range", ""), body, media_type=media_type, headers=headers)

    @get(
        "/search",
        sync_to_thread=True,
        **told(
            "Guests by name, phone, e-mail or BSUID, stays by reference or stay code.",
            name="search",
            gives={200: (Found, None)},
        ),
    )
    def seek(
        request: Asking,
        *,
        q: Annotated[str, QueryParameter(max_length=100, description="What is looked for.")] = "",
    ) -> Response[bytes]:
        caller = counter.caller(request)
        return answered(
            counter.told(lambda db, ring: search.look_for(db, ring, caller.id, q, at=counter.at()))
        )

    return [every, one, file, seek]


# -- writing -----------------------------------------------------------------------------------------
def _writing(counter: HouseCounter, talks: TalkCounter) -> list[HTTPRouteHandler]:
    @post(
        "/conversations/{conversation_id:str}/messages",
        sync_to_thread=True,
        **told(
            "Write to the guest.",
            name="writeToGuest",
            takes=Reply,
            sends={"text": "The taxi comes at nine.", "key": "a-key-of-the-board"},
            gives={201: (Thread, None), 200: (Thread, None)},
            refuses=(404, 409, 413, 415, 422),
        ),
    )
    def write(request: Asking, conversation_id: FromPath[str], body: RawBody) -> Response[bytes]:
        caller, reply = counter.caller(request), sent(request, body, Reply)
        voice = counter.voice()
        assert voice is not None

        def verb(tx: Writing, ring: KeyRing) -> tuple[Thread, bool]:
            talk = threads.in_reach(tx, caller.id, conversation_id)
            _, is_new = replies.send(
                tx, voice, talk, reply.text, key=reply.key, at=counter.at(), by=caller.by
            )
            return talks.shown(tx, ring, request, conversation_id), is_new

        thread, is_new = counter.done(verb)
        return answered(thread, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    @post(
        "/conversations/{conversation_id:str}/notes",
        status_code=200,
        sync_to_thread=True,
        **told(
            "A word among the people of the house.",
            name="noteConversation",
            takes=Remark,
            sends={"words": "She is allergic to feathers."},
            gives=SHOWN,
            refuses=(404, 409, 413, 415, 422),
        ),
    )
    def note(request: Asking, conversation_id: FromPath[str], body: RawBody) -> Response[bytes]:
        remark = sent(request, body, Remark)

        def verb(tx: Writing, ring: KeyRing, talk: Conversation, caller: Caller) -> None:
            replies.note(tx, ring, talk, remark.words, at=counter.at(), by=caller.by)

        return talks.done(request, conversation_id, verb)

    @post(
        "/conversations/{conversation_id:str}/typing",
        status_code=204,
        sync_to_thread=True,
        **told(
            "A reply is being written; others see it for some seconds.",
            name="typeReply",
            gives={204: (None, None)},
            refuses=(404,),
        ),
    )
    def typing(request: Asking, conversation_id: FromPath[str]) -> Response[None]:
        caller = counter.caller(request)

        def verb(tx: Writing, _: KeyRing) -> None:
            talk = threads.in_reach(tx, caller.id, conversation_id)
            replies.type_in(tx, talk, at=counter.at(), by=caller.by)

        counter.done(verb)
        return Response(None, status_code=HTTPStatus.NO_CONTENT, headers=NEVER_STORED)

    return [write, note, typing]


# -- whose it is -------------------------------------------------------------------------------------
def _giving(counter: HouseCounter, talks: TalkCounter) -> list[HTTPRouteHandler]:
    @put(
        "/conversations/{conversation_id:str}/assignment",
        status_code=200,
        sync_to_thread=True,
        **told(
            "Somebody of the house has this conversation, or nobody.",
            name="assignConversation",
            takes=Holder,
            sends={"to": ID_SHOWN},
            gives=SHOWN,
            refuses=(404, 413, 415, 422),
        ),
    )
    def assign(request: Asking, conversation_id: FromPath[str], body: RawBody) -> Response[bytes]:
        holder = sent(request, body, Holder)

        def verb(tx: Writing, _: KeyRing, talk: Conversation, __: Caller) -> None:
            replies.assign(tx, talk, holder.to)

        return talks.done(request, conversation_id, verb)

    @put(
        "/conversations/{conversation_id:str}/house",
        status_code=200,
        sync_to_thread=True,
        **told(
            "Somebody unknown means this house.",
            name="sayWhichHouse",
            takes=HouseMeant,
            sends={"property": "harbour-house"},
            gives=SHOWN,
            refuses=(404, 409, 413, 415, 422),
        ),
    )
    def which(request: Asking, conversation_id: FromPath[str], body: RawBody) -> Response[bytes]:
        meant, voice = sent(request, body, HouseMeant), counter.voice()
        assert voice is not None

        def verb(tx: Writing, _: KeyRing, talk: Conversation, caller: Caller) -> None:
            house = registers.property_named(tx, caller.id, meant.property)
            replies.say_which_house(tx, voice, talk, house, at=counter.at())

        return talks.done(request, conversation_id, verb)

    return [assign, which]


# -- deciding ----------------------------------------------------------------------------------------
def _deciding(counter: HouseCounter, talks: TalkCounter) -> list[HTTPRouteHandler]:
    asked = (
        ("retry", "Send again what could not be sent, or may not have arrived.", "retryMessage"),
        ("drop", "Give up what could not be sent, or may not have arrived.", "dropMessage"),
    )
    return [_decision(counter, talks, noun, said=said, name=name) for noun, said, name in asked]


def _decision(
    counter: HouseCounter, talks: TalkCounter, noun: str, *, said: str, name: str
) -> HTTPRouteHandler:
    """One route: `POST …/messages/{id}/<noun>`."""

    @post(
        f"/conversations/{{conversation_id:str}}/messages/{{message_id:str}}/{noun}",
        status_code=200,
        sync_to_thread=True,
        **told(said, name=name, gives=SHOWN, refuses=(404, 409)),
    )
    def decide(request: Asking, conversation_id: FromPath[str], message_id: FromPath[str]) -> Response[bytes]:
        def verb(tx: Writing, _: KeyRing, talk: Conversation, caller: Caller) -> None:
            again = noun == "retry"
            replies.decide(tx, caller.id, talk, message_id=message_id, again=again, at=counter.at())

        return talks.done(request, conversation_id, verb)

    return decide


# -- how it is told ----------------------------------------------------------------------------------
def _language(request: Asking) -> str:
    """The first language that the caller reads."""
    return request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip() or "en"


def _parted(wanted: str, body: bytes, *, media_type: str, headers: dict[str, str]) -> Response[bytes]:
    """The file, or the part of it that a player asks for."""
    size, found = len(body), byte_ranges.part(wanted, len(body))
    headers["Accept-Ranges"] = "bytes"
    if found is None:
        return Response(body, media_type=media_type, headers=headers)
    begins, ends = found
    if begins == ends:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(b"", status_code=416, media_type=media_type, headers=headers)
    headers["Content-Range"] = f"bytes {begins}-{ends - 1}/{size}"
    return Response(body[begins:ends], status_code=206, media_type=media_type, headers=headers)


def _file_headers(media_type: str, name: str) -> dict[str, str]:
    """A guest's file never becomes a page of ours: shown are pictures and sounds, the rest is saved."""
    bare = media_type.partition(";")[0].strip()
    shown = bare in SHOWN_INLINE or bare.startswith(HEARD_INLINE)
    called = f"; filename*=UTF-8''{quote(name, safe='')}" if name else ""
    return {**FILE_HEADERS, "Content-Disposition": ("inline" if shown else "attachment") + called}
