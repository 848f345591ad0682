"""Which files are kept: their kinds, how large they may be, and whether they begin as they should. Pure.

Types and sizes: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media.
"""

from typing import Final

from edge_api.messages import Media

MEGABYTE: Final = 1024 * 1024
OFFICE: Final = "application/vnd.openxmlformats-officedocument."
ZIPPED: Final = (b"PK\x03\x04", b"PK\x05\x06")
OLE: Final = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
MOST_BYTES: Final[dict[Media, int]] = {
    "image": 5 * MEGABYTE,
    "sticker": 500 * 1024,
    "audio": 16 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "document": 100 * MEGABYTE,
}
KINDS: Final[dict[str, Media]] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "sticker",
    "audio/aac": "audio",
    "audio/amr": "audio",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "video/mp4": "video",
    "video/3gpp": "video",
    "text/plain": "document",
    "application/pdf": "document",
    "application/msword": "document",
    "application/vnd.ms-excel": "document",
    "application/vnd.ms-powerpoint": "document",
    OFFICE + "wordprocessingml.document": "document",
    OFFICE + "spreadsheetml.sheet": "document",
    OFFICE + "presentationml.presentation": "document",
}
BEGINNINGS: Final[dict[str, tuple[bytes, ...]]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
    "audio/aac": (b"\xff\xf1", b"\xff\xf9", b"ADIF"),
    "audio/amr": (b"#!AMR",),
    "audio/mpeg": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"),
    "audio/ogg": (b"OggS",),
    "application/pdf": (b"%PDF-",),
    "application/msword": (*OLE, b"{\\rtf", *ZIPPED),
    "application/vnd.ms-excel": (*OLE, *ZIPPED),
    "application/vnd.ms-powerpoint": (*OLE, *ZIPPED),
    OFFICE + "wordprocessingml.document": ZIPPED,
    OFFICE + "spreadsheetml.sheet": ZIPPED,
    OFFICE + "presentationml.presentation": ZIPPED,
}
BOX_TYPES: Final = frozenset({"audio/mp4", "video/mp4", "video/3gpp"})  # ISO 14496-12: size, then `ftyp`


def bare_type(media_type: str) -> str:
    """`audio/ogg` of `audio/ogg; codecs=opus`."""
    return media_type.partition(";")[0].strip().lower()


def most_bytes(media_type: str) -> int:
    """How large a file of this type may be; 0 when it is not kept at all."""
    kind = KINDS.get(bare_type(media_type))
    return MOST_BYTES[kind] if kind else 0


def begins_as_said(media_type: str, body: bytes) -> bool:
    """Whether the first bytes are of that type. It keeps a program out that calls itself a picture; it does
    not make a file safe to open.
    """
    bare = bare_type(media_type)
    if bare in BOX_TYPES:
        return body[4:8] == b"ftyp"
    if bare == "text/plain":
        return b"\0" not in body[:4096]
    if bare == "image/webp" and body[8:12] != b"WEBP":
        return False
    return body.startswith(BEGINNINGS.get(bare, ()))
