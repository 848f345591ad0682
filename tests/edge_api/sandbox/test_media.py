"""Media: put up, asked for, fetched with a token within five minutes, gone after their days, deleted."""

import hashlib

import pytest
from pywa import errors

from tests.edge_api.sandbox.place import ANA, NUMBER, eventually

JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 4
MEGABYTE = 1024 * 1024


def upload(place, kind: str, size: int) -> int:
    files = {"file": ("f", bytes(size), kind), "messaging_product": (None, "whatsapp"), "type": (None, kind)}
    headers = {"authorization": "Bearer sandbox-token"}
    answer = place.http.post(f"/v24.0/{NUMBER}/media", files=files, headers=headers)
    return 0 if answer.is_success else int(answer.json()["error"]["code"])


def test_what_goes_up_comes_down_byte_for_byte(place):
    wa = place.business()
    body = JPEG + b"\r\n--boundary\r\n" + JPEG
    media = wa.upload_media(body, mime_type="image/jpeg", filename="door.jpg")
    told = wa.get_media_url(media.id)
    assert told.sha256 == hashlib.sha256(body).hexdigest()
    assert told.file_size == len(body)
    assert told.get_bytes() == body


def test_an_address_lives_five_minutes_and_wants_the_token(place):
    wa = place.business()
    media = wa.upload_media(JPEG, mime_type="image/jpeg", filename="a.jpg")
    place.hold()
    address = place.http.get(f"/v24.0/{media.id}", headers={"authorization": "Bearer sandbox-token"}).json()[
        "url"
    ]
    token = {"authorization": "Bearer sandbox-token"}
    assert place.http.get(address).status_code == 401
    place.later("299s")
    assert place.http.get(address, headers=token).content == JPEG
    place.later("1s")
    assert place.http.get(address, headers=token).status_code == 404
    assert place.http.get(address.replace("ticket=", "ticket=0"), headers=token).status_code == 404


def test_an_uploaded_id_lives_thirty_days(place):
    wa = place.business()
    media = wa.upload_media(JPEG, mime_type="image/jpeg", filename="a.jpg")
    place.later("29d")
    place.says()
    assert wa.send_image(ANA, media.id).id
    place.later("1d")
    place.says()
    with pytest.raises(errors.InvalidParameter):
        wa.send_image(ANA, media.id)
    with pytest.raises(errors.WhatsAppError):
        wa.get_media_url(media.id)


def test_what_a_person_sends_lives_seven_days(place, app):
    media = place.http.post("/sandbox/media", content=JPEG, headers={"content-type": "image/jpeg"}).json()[
        "id"
    ]
    place.does("image", media=media, caption="The door")
    eventually(lambda: app.all("messages"))
    (message,) = app.all("messages")
    assert message["image"]["caption"] == "The door"
    assert message["image"]["sha256"] == hashlib.sha256(JPEG).hexdigest()
    wa = place.business()
    assert wa.get_media_url(message["image"]["id"]).get_bytes() == JPEG
    place.later("7d")
    with pytest.raises(errors.WhatsAppError) as refusal:
        wa.get_media_url(message["image"]["id"])
    assert refusal.value.code == 100


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("image/jpeg", 5 * MEGABYTE),
        ("audio/ogg", 16 * MEGABYTE),
        ("video/mp4", 16 * MEGABYTE),
        ("image/webp", 500 * 1024),
    ],
)
def test_a_size_is_a_limit(place, kind, most):
    assert upload(place, kind, most) == 0
    assert upload(place, kind, most + 1) == 131053


def test_a_document_may_have_100_megabytes(place):
    assert upload(place, "application/pdf", 100 * MEGABYTE) == 0


def test_unknown_types_and_empty_files_are_refused(place):
    assert upload(place, "image/gif", 10) == 100
    assert upload(place, "text/html", 10) == 100
    assert upload(place, "image/png", 0) == 100


def test_a_picture_cannot_be_sent_as_audio(place):
    place.says()
    media = place.business().upload_media(JPEG, mime_type="image/jpeg", filename="a.jpg")
    assert place.send(type="audio", audio={"id": media.id}).json()["error"]["code"] == 131053


def test_deleted_is_gone(place):
    wa = place.business()
    media = wa.upload_media(JPEG, mime_type="image/jpeg", filename="a.jpg")
    assert wa.delete_media(media.id)
    with pytest.raises(errors.WhatsAppError):
        wa.get_media_url(media.id)
