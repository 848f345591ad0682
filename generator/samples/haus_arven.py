"""Haus Arven: three rooms and two flats in the mountains, in four languages and a zone with summer time."""

from generator.samples.plans import Planned, Sample
from guestlink.houses import HouseDraft

ROOMS = {
    "marmot": "Zimmer Murmeltier",
    "hare": "Zimmer Schneehase",
    "fox": "Zimmer Fuchs",
    "ibex": "Wohnung Steinbock",
    "eagle": "Wohnung Adler",
}
GUESTS = {
    "regula": ("Regula Tannwald", "de"),
    "urs": ("Urs Firnfeld", "de"),
    "annegret": ("Annegret Lärchenhof", "de"),
    "valentin": ("Valentin Sonnenhang", "de"),
    "ginevra": ("Ginevra Rocciadoro", "it"),
    "tullio": ("Tullio Pratoalto", "it"),
    "fiamma": ("Fiamma Neveblu", "it"),
    "winifred": ("Winifred Snowdale", "en"),
    "angus": ("Angus Crestfall", "en"),
    "solene": ("Solène Hautesource", "fr"),
    "gaspard": ("Gaspard Boisneige", "fr"),
}
STAFF = (
    ("Gian Caduff-Arven", "+44 7700 900221", "staff"),
    ("Ladina Caduff-Arven", "+44 7700 900222", "host"),
)
FIRST_LOOK = "AH-3006"  # arrives today, the room is ready: every code is shown
STAYS = (
    Planned("AH-3001", "ibex", -15, -8, "urs", children=2),
    Planned("HM-LARCH5", "hare", -6, -2, "winifred", "airbnb"),
    Planned("4419-0410", "fox", -5, 0, "tullio", "booking-com"),
    Planned("AH-3002", "marmot", -3, 0, "regula", adults=1),
    Planned("AH-3003", "ibex", -3, 4, "annegret", children=2, pets=1),
    Planned("AH-3004", "eagle", -2, 5, "angus", adults=4),
    Planned("AH-3005", "hare", -1, 2, "solene"),
    Planned(FIRST_LOOK, "marmot", 0, 3, "valentin", ready=True),
    Planned("4419-0433", "fox", 0, 2, "ginevra", "booking-com", expected="21:30"),
    Planned("AH-3007", "hare", 2, 6, "gaspard", expected="17:15"),
    Planned("AH-3008", "fox", 3, 7, "fiamma", party="AH-P1"),
    Planned("AH-3009", "marmot", 3, 7, "tullio", party="AH-P1"),
    Planned("AH-3010", "ibex", 5, 12, "urs", children=2),
    Planned("HM-PINE77", "eagle", 6, 10, "winifred", "airbnb", status="proposed_cancelled"),
    Planned("AH-3011", "eagle", 12, 19, "regula", adults=3),
    Planned("AH-3012", "hare", 15, 18, "annegret", status="cancelled"),
)
SAMPLE = Sample(
    house=HouseDraft(
        slug="haus-arven",
        zone="Europe/Zurich",
        currency="CHF",
        default_language="de",
        check_in="15:00",
        check_out="10:00",
    ),
    rooms=ROOMS,
    another_room="Zimmer {number}",
    address="Via Sura {number}, Sulvegn, Graubünden",
    wifi_words=("arve", "firn", "gemse", "grat", "alpenrose", "kachel"),
    nightly=18500,
    opt_in="Sie dürfen mir zu meinem Aufenthalt auf WhatsApp schreiben.",
    staff=STAFF,
    guests=GUESTS,
    phones=(400, 170),
    stays=STAYS,
    first_look=FIRST_LOOK,
)
