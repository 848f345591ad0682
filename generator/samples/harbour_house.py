"""Harbour House: twelve rooms and forty stays around today, in eight languages."""

from collections.abc import Mapping

from generator.samples.plans import NOBODY, Planned, Sample
from guestlink.houses import HouseDraft

ROOMS = {f"room-{number}": f"Room {number}" for number in range(1, 13)}

GUESTS = {
    "oliver": ("Oliver Quayside", "en"),
    "hannah": ("Hannah Saltmarsh", "en"),
    "amelia": ("Amelia Lanternfield", "en"),
    "noah": ("Noah Driftwood", "en"),
    "grace": ("Grace Tidewell", "en"),
    "samuel": ("Samuel Rookhaven", "en"),
    "edith": ("Edith Marlstone", "en"),
    "lena": ("Lena Möwensand", "de"),
    "jonas": ("Jonas Leuchtfeuer", "de"),
    "friederike": ("Friederike Wattläufer", "de"),
    "emil": ("Emil Strandkorb", "de"),
    "camille": ("Camille Vent-du-Large", "fr"),
    "hugo": ("Hugo Portvieux", "fr"),
    "ines": ("Inès Belle-Marée", "fr"),
    "lucien": ("Lucien Grandphare", "fr"),
    "lucia": ("Lucía Marazul", "es"),
    "mateo": ("Mateo Puertobravo", "es"),
    "carmen": ("Carmen Faroalto", "es"),
    "giulia": ("Giulia Portovento", "it"),
    "marco": ("Marco Ondachiara", "it"),
    "elena": ("Elena Scogliera", "it"),
    "pietro": ("Pietro Ventomare", "it"),
    "chiara": ("Chiara Lanternina", "it"),
    "dario": ("Dario Cordamolle", "it"),
    "ana": ("Ana Mareverde", "en"),
    "tomas": ("Tomás Ventomanso", "pt"),
    "beatriz": ("Beatriz Ondaclara", "pt"),
    "rui": ("Rui Barcamansa", "pt"),
    "yusuf": ("يوسف بحر الضوء", "ar"),
    "layla": ("ليلى مرسى القمر", "ar"),
    "sami": ("سامي نسيم الموج", "ar"),
    "akari": ("灯台 あかり", "ja"),
    "haruka": ("波止場 はるか", "ja"),
    "minoru": ("潮風 みのる", "ja"),
    NOBODY: ("", "en"),
}

# Those of them who have a phone in the sandbox's phone page; one is known by a user id alone.
ON_WHATSAPP: Mapping[str, Mapping[str, str]] = {
    "ana": {"phone": "+447700900101", "email": "ana@example.com"},
    "tomas": {"bsuid": "GB.463504706672029391", "email": "tomas@example.com"},
}

STAFF = (
    ("Mira Holm", "+44 7700 900201", "staff"),
    ("Jory Tamblyn", "+44 7700 900202", "staff"),
    ("Kerensa Tamblyn", "+44 7700 900203", "host"),
)

FIRST_LOOK = "HH-1009"  # arrives today, the room is ready: every code is shown
NEARLY_OVER = "HH-1001"  # its dates follow the month, since pages end with a month
STAYS = (
    Planned("HH-1000", "room-9", -130, -126, "ana", adults=1),
    Planned(NEARLY_OVER, "room-4", -3, 0, "edith"),
    Planned("HM-KELP41", "room-11", -20, -16, "emil", "airbnb"),
    Planned("HH-1002", "room-10", -14, -11, "marco"),
    Planned("4417-2093", "room-2", -10, -6, "carmen", "booking-com"),
    Planned("HH-1003", "room-6", -9, -4, "sami", adults=1),
    Planned("HH-1004", "room-1", -7, -3, "lucien"),
    Planned("HM-GULL17", "room-3", -6, -2, "samuel", "airbnb", adults=1),
    Planned("HH-1005", "room-12", -6, 3, "mateo", children=2, pets=1, expected="17:30"),
    Planned("4417-2250", "room-4", -4, 1, "rui", "booking-com"),
    Planned("HH-1006", "room-9", -4, 1, "ana", adults=1),
    Planned("HH-1007", "room-1", -3, 0, "lena"),
    Planned("4417-2311", "room-8", -3, 0, "noah", "booking-com", check_out="14:00"),
    Planned("HM-FOAM08", "room-3", -2, 0, "akari", "airbnb", check_out="13:00"),
    Planned("HH-1008", "room-6", -2, 0, "lucia", one_night_more=True),
    Planned("HM-REED63", "room-7", -2, 4, "ines", "airbnb", children=1, moves_to=("room-3", 1)),
    Planned("4417-2377", "room-2", -1, 2, "giulia", "booking-com", children=1, expected="22:45"),
    Planned("HH-1010", "room-10", -1, 1, "friederike", pets=1),
    Planned("4417-2402", "room-5", -1, 2, "hannah", "booking-com", adults=1, status="no_show"),
    Planned(FIRST_LOOK, "room-1", 0, 3, "oliver", check_in="13:30", ready=True),
    Planned("HH-1011", "room-5", 0, 2, "hugo", adults=1, expected="22:30"),
    Planned("4417-2418", "room-11", 0, 1, "layla", "booking-com", expected="23:45"),
    Planned("HM-TERN52", "room-7", 1, 3, "beatriz", "airbnb", expected="21:00"),
    Planned("HH-1012", "room-8", 1, 4, "pietro", party="HH-P1", expected="16:00"),
    Planned("HH-1013", "room-9", 1, 4, "elena", party="HH-P1", children=2, expected="16:00"),
    Planned("HH-1014", "room-10", 1, 4, "chiara", party="HH-P1", expected="16:00"),
    Planned("HH-1015", "room-11", 1, 4, "dario", party="HH-P1", adults=1, pets=1, expected="19:30"),
    Planned("4417-2466", "room-4", 2, 6, "jonas", "booking-com", check_in="12:00"),
    Planned("HH-1016", "room-12", 3, 10, "haruka", children=1),
    Planned("HH-1017", "room-6", 4, 7, "yusuf", expected="20:15"),
    Planned("HH-1018", "room-2", 5, 8, "tomas", status="cancelled"),
    Planned("HH-1019", "room-2", 6, 10, "tomas"),
    Planned("HM-WAVE29", "room-3", 8, 12, "amelia", "airbnb", status="proposed_cancelled"),
    Planned("HH-1020", "room-8", 10, 14, "grace", pets=1),
    Planned("4417-2530", "room-1", 14, 18, "minoru", "booking-com", adults=1),
    Planned("HM-CLAM90", "", 16, 19, NOBODY, "airbnb"),
    Planned("HH-1021", "room-5", 21, 28, "hannah", children=1),
    Planned("4417-2604", "room-9", 24, 27, "layla", "booking-com"),
    Planned("HH-1022", "room-12", 30, 37, "camille", children=2),
    Planned("HH-1023", "room-6", 45, 52, "noah"),
)

SAMPLE = Sample(
    house=HouseDraft(slug="harbour-house", zone="Europe/London", currency="GBP", default_language="en"),
    rooms=ROOMS,
    another_room="Room {number}",
    address="{number} Old Quay, Polwenna, Cornwall",
    wifi_words=("anchor", "beacon", "cutter", "dinghy", "fender", "halyard", "inlet", "lantern"),
    nightly=9400,
    opt_in="You may write to me on WhatsApp about my stay.",
    staff=STAFF,
    guests=GUESTS,
    phones=(110, 100),
    stays=STAYS,
    first_look=FIRST_LOOK,
    nearly_over=NEARLY_OVER,
    on_whatsapp=ON_WHATSAPP,
)
