"""What a guest writes -> what is meant: one of the house's services or sections, an answer, STOP. Pure."""

from edge_api.understanding.codes import Codes, named_codes
from edge_api.understanding.index import Index, prepare
from edge_api.understanding.reading import Intent, Match, Understanding, understand
from edge_api.understanding.signs import is_resume, is_stop
from edge_api.understanding.subjects import Subject, subjects_of
from edge_api.understanding.values import values_for

__all__ = [
    "Codes",
    "Index",
    "Intent",
    "Match",
    "Subject",
    "Understanding",
    "is_resume",
    "is_stop",
    "named_codes",
    "prepare",
    "subjects_of",
    "understand",
    "values_for",
]
