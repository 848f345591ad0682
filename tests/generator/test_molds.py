"""Molds: what is filled is what the template says of these values, and no mold serves another shape."""

from collections.abc import Hashable, Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from markupsafe import Markup

from generator.parts.molds import Molds
from generator.parts.theme import TEMPLATE_OPTIONS, Theme
from generator.rendering import Renderer
from guestlink.errors import ContentError, SettingsError
from guestlink.language import LANGUAGES
from tests.generator import sample

HOSTILE = "<b>\0 1 \0</b> & \"'{{ 7*7 }}{% raw %}"
TEMPLATES = {
    "list": """{{ head }}{% if head %}!{% endif %}{% if open %} open{% endif %}
{% for line in lines %}
{{ line.name }}={{ line.n }}{% for more in line.more %}, {{ more }}{% endfor %};
{% endfor %}
{{ head }}{% if late %}{{ late.price }}{% endif %}{% if kind == "a" %}A{% endif %}""",
    "compares": "{% if kind == 'a' %}A{% endif %}",
    "contains": "{% if kind in ('a', 'b') %}A{% endif %}",
    "looks": "{{ kind | upper }}",
    "asks": "{{ icons[kind] }}",
}
ENVIRONMENT = Environment(loader=DictLoader(TEMPLATES), **TEMPLATE_OPTIONS)  # noqa: S701 - it is on
TEXTS = st.one_of(st.text("ab<&\"'\0{}1", max_size=4), st.builds(Markup, st.sampled_from(["", "<i>x</i>"])))


class Line(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    n: int
    more: tuple[str, ...] = ()


class Unmolded:
    """What molds must be equal to: each time the template itself."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def filled(self, template: str, fixed: Mapping[str, Hashable], said: Mapping[str, object]) -> Markup:
        html = self._environment.get_template(template).render({**fixed, **said})
        return Markup(html)  # noqa: S704 - autoescaped


def molds() -> Molds:
    return Molds(lambda name, values: ENVIRONMENT.get_template(name).render(values))


KEPT = molds()
SAID = st.fixed_dictionaries(
    {
        "head": TEXTS,
        "open": st.booleans(),
        "lines": st.lists(
            st.builds(Line, name=TEXTS, n=st.integers(0, 3), more=st.lists(TEXTS, max_size=2).map(tuple)),
            max_size=2,
        ),
        "late": st.one_of(st.none(), st.fixed_dictionaries({"price": TEXTS})),
    }
)


@given(SAID, st.sampled_from("ab"))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_is_filled_is_what_the_template_says(said: dict[str, object], kind: str) -> None:
    assert KEPT.filled("list", {"kind": kind}, said) == Unmolded(ENVIRONMENT).filled(
        "list", {"kind": kind}, said
    )


@pytest.fixture(scope="module")
def themes() -> tuple[Theme, Theme]:
    """With molds and without."""
    molded, plain = Theme(sample.THEME), Theme(sample.THEME)
    plain.__dict__["molds"] = Unmolded(plain.environment)
    return molded, plain


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("phase", [*sample.MOMENTS])
def test_a_page_from_molds_is_what_its_templates_say(
    phase: str, language: str, themes: tuple[Theme, Theme]
) -> None:
    host = sample.content(phone=HOSTILE.replace("\0", ""))
    private = msgspec.structs.replace(
        sample.PRIVATE, name=HOSTILE, word=HOSTILE, values=dict.fromkeys(sample.VALUES, HOSTILE)
    )
    pages = sample.pages(phase, host=host)
    page = msgspec.structs.replace(pages["en"], language=language)
    molded, plain = (Renderer(theme, host, sample.house(), sample.SITE) for theme in themes)
    blocks = molded.blocks([(page, private)])
    assert blocks == plain.blocks([(page, private)])
    assert molded.page(page, blocks[0]) == plain.page(page, blocks[0])
    assert molded.gate(pages["gate"], "q") == plain.gate(pages["gate"], "q")
    assert molded.sheet(language) == plain.sheet(language)
    assert molded.letterhead(language) == plain.letterhead(language)


@pytest.mark.parametrize("template", ["compares", "contains", "looks", "asks"])
def test_a_template_that_looks_at_what_it_may_only_print_is_refused(template: str) -> None:
    with pytest.raises(SettingsError, match="only print"):
        molds().filled(template, {}, {"kind": "a", "icons": {"a": "x"}})


def test_a_fixed_text_that_pretends_to_be_a_hole_is_refused() -> None:
    with pytest.raises(ContentError, match="NUL"):
        molds().filled("list", {"kind": "a", "head": "\0"}, {"open": True, "lines": (), "late": None})
