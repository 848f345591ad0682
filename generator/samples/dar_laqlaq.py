"""Dar Laqlaq: a riad whose first language is Arabic, in a zone that puts its clocks back for Ramadan."""

from generator.samples.plans import Planned, Sample
from guestlink.houses import HouseDraft

ROOMS = {
    "orange-tree": "غرفة النارنج",
    "jasmine": "غرفة الياسمين",
    "saffron": "غرفة الزعفران",
    "sky": "غرفة السماء",
    "stork": "غرفة اللقلاق",
    "tower": "غرفة البرج",
}
GUESTS = {
    "zineb": ("زينب نور الياسمين", "ar"),
    "omar": ("عمر ظل النخيل", "ar"),
    "salma": ("سلمى غيمة الصيف", "ar"),
    "hamza": ("حمزة بستان الزيتون", "ar"),
    "nadia": ("نادية قمر السطوح", "ar"),
    "mathilde": ("Mathilde Clairfontaine", "fr"),
    "baptiste": ("Baptiste Vertvallon", "fr"),
    "eloise": ("Éloïse Sablefin", "fr"),
    "imogen": ("Imogen Sandlark", "en"),
    "rufus": ("Rufus Palmgrove", "en"),
    "theo": ("Theo Lanterncourt", "en"),
    "maria": ("María Valdearena", "es"),
    "rodrigo": ("Rodrigo Puenteluna", "es"),
    "marisol": ("Marisol Huertaclara", "es"),
}
STAFF = (
    ("Idriss Ouarqa", "+44 7700 900211", "staff"),
    ("Touria Ouarqa", "+44 7700 900212", "host"),
)
FIRST_LOOK = "DL-2006"  # arrives today, the room is ready: every code is shown
STAYS = (
    Planned("DL-2001", "jasmine", -12, -9, "baptiste"),
    Planned("HM-MINT14", "sky", -8, -4, "imogen", "airbnb"),
    Planned("DL-2002", "saffron", -5, -1, "omar", children=2),
    Planned("4418-1107", "tower", -4, 0, "rodrigo", "booking-com"),
    Planned("DL-2003", "orange-tree", -3, 0, "zineb"),
    Planned("DL-2004", "stork", -2, 2, "mathilde"),
    Planned("4418-1142", "saffron", -1, 3, "rufus", "booking-com", adults=1),
    Planned("DL-2005", "jasmine", -1, 2, "salma", children=1),
    Planned(FIRST_LOOK, "orange-tree", 0, 4, "hamza", check_in="13:00", ready=True),
    Planned("DL-2007", "tower", 0, 3, "maria", expected="22:30"),
    Planned("HM-CUMIN9", "sky", 1, 5, "theo", "airbnb", expected="16:30"),
    Planned("DL-2008", "jasmine", 3, 6, "nadia"),
    Planned("4418-1201", "stork", 4, 8, "eloise", "booking-com"),
    Planned("DL-2009", "saffron", 5, 8, "marisol", party="DL-P1"),
    Planned("DL-2010", "tower", 5, 8, "maria", party="DL-P1"),
    Planned("DL-2011", "sky", 9, 12, "zineb"),
    Planned("HM-ROSE33", "orange-tree", 12, 16, "imogen", "airbnb", status="cancelled"),
    Planned("DL-2012", "", 20, 24, "omar", children=2),
)
SAMPLE = Sample(
    house=HouseDraft(
        slug="dar-laqlaq",
        zone="Africa/Casablanca",
        currency="MAD",
        default_language="ar",
        check_in="14:00",
        check_out="12:00",
    ),
    rooms=ROOMS,
    another_room="غرفة {number}",
    address="{number}, Derb Lakhdar, Bab Seqqayine, Fès",
    wifi_words=("nanaa", "zafran", "zellij", "qandil", "zitoun", "naranj"),
    nightly=118000,
    opt_in="يمكنكم مراسلتي على واتساب بشأن إقامتي.",
    staff=STAFF,
    guests=GUESTS,
    phones=(300, 140),
    stays=STAYS,
    first_look=FIRST_LOOK,
)
