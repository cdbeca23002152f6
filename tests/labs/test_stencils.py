"""A stencil prints what its template would print, whatever the words are."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, engines
from django.test import override_settings
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from labs import stencils
from sessions.models import Session

ENGINE = engines["django"].engine
TEMPLATE = "sessions/row.html"
HOSTILE = (
    "<script>alert(1)</script>",
    '" onclick="x',
    "{{ settings.SECRET_KEY }}{% now 'Y' %}",
    "%s %(x)s {0} {x}",
    "\x00\u202e\ue000",
    "&amp;",
)


@dataclass(frozen=True)
class Item:
    words: str
    more: str = ""


@dataclass(frozen=True)
class Guarded:
    APART = ("own",)

    words: str
    own: object


@pytest.fixture
def templates(settings, tmp_path):
    """Write a template and return its name."""
    kept = dict(stencils._kept)
    written = iter(range(1000))

    def write(text: str) -> str:
        name = f"stencil-{next(written)}.html"
        (tmp_path / name).write_text(text)
        return name

    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path], "APP_DIRS": False},
    ]
    yield write
    stencils._kept.clear()
    stencils._kept.update(kept)


def rendered(name: str, context: dict, autoescape: bool = True) -> str:
    engine = engines["django"].engine
    return engine.get_template(name).render(Context(context, autoescape=autoescape))


LIST = (
    '{% load i18n %}{% if title %}<h1 id="{{ title }}">{{ title }}</h1>{% endif %}'
    '{% for item in items %}<p class="{{ forloop.counter }}">{{ item.words }}'
    "{% if item.more %} ({{ item.more }}){% endif %}</p>"
    '{% empty %}<p>{% translate "Nothing" %}</p>{% endfor %}{% if n > 2 %}many{% endif %}'
    '{{ flag|yesno:"a,b,c" }} {{ on|date:"Y" }}{% blocktranslate %}For {{ title }}{% endblocktranslate %}'
    "{% blocktranslate count k=n %}one{% plural %}{{ k }} of {{ title }}{% endblocktranslate %}"
)


@pytest.mark.parametrize("autoescape", [True, False])
def test_it_prints_what_the_template_prints(templates, autoescape):
    name = templates(LIST)
    words = ["", "Sofia", *HOSTILE, format_html("<b>{}</b>", "<"), gettext_lazy("Programme")]

    for title in words:
        for number, flag in ((0, None), (1, True), (3, False)):
            items = [Item(word, title) for word in words[:number]]
            context = {"title": title, "items": items, "n": number, "flag": flag, "on": date(2027, 4, 6)}
            for _again in range(2):
                got = stencils.filled(name, context, autoescape=autoescape)
                assert got == rendered(name, context, autoescape)


@given(
    title=st.text(),
    items=st.lists(st.builds(Item, st.text(), st.text()), max_size=4),
    number=st.integers(0, 4),
    flag=st.sampled_from([True, False, None]),
)
def test_it_prints_what_the_rows_of_the_programme_print(title, items, number, flag):
    context = {
        "row": {
            "slug": title,
            "title": title,
            "internal": flag,
            "cancelled": number > 2,
            "reason": title,
            "starts": {"words": title, "stamp": title},
            "ends": {"words": "10:00", "stamp": ""},
            "who": format_html_join("", "<span>{}</span>", ((item.words,) for item in items)),
            "agenda": [{"title": item.words, "starts": None, "who": item.more} for item in items[:number]],
            "audience": [(item.words, bool(item.more)) for item in items],
            "seats": title,
            "may_choose": flag,
            "would_wait": not flag,
        },
        "lab_page": "/labs/x/",
    }

    assert stencils.filled(TEMPLATE, context) == rendered(TEMPLATE, context)


def test_what_is_equal_and_prints_otherwise_has_a_stencil_of_its_own(templates):
    morning = datetime(2027, 4, 6, 9, 30, tzinfo=UTC)
    for template, things in (
        (
            "{{ it }}",
            [Decimal("1.0"), Decimal("1.00"), 1.0, 1, True, 0.0, -0.0, "1", Session.Status.SCHEDULED],
        ),
        ("{{ it.isoformat }}", [morning, morning.astimezone(ZoneInfo("Europe/Sofia"))]),
        (
            "{% for key in it %}{{ key }}{% endfor %}",
            [{"<": 1}, {format_html("{}", "<"): 1}, {1: 1}, {True: 1}],
        ),
        ("{% for key in it %}{{ key }}{% endfor %}", [{format_html("<b>{}", ""): 1}, {"<b>": 1}]),
        ("{% for one in it %}{{ one }}{% endfor %}", [["<", "b"], ("<", "b"), {"<": "b"}, [], ["", None]]),
    ):
        name = templates(template)
        for it in things * 2:
            assert stencils.filled(name, {"it": it}) == rendered(name, {"it": it})


def test_the_tag_is_a_loop_that_sees_nothing_else(templates):
    row = templates("{{ one }}{{ page }}{{ secret }};")
    looped = templates(
        f'{{% load house %}}{{% for one in things %}}{{% include "{row}" with one=one page=page only %}}{{% endfor %}}'
    )
    name = templates(f'{{% load house %}}{{% stencil "{row}" one in things page=page %}}')

    for things in (["<", "b", format_html("<i>{}", "<"), 7], [], (), None):
        context = {"things": things, "page": "&", "secret": "no"}
        assert rendered(name, context) == rendered(looped, context)
    assert rendered(name, {}) == rendered(looped, {}) == ""


def test_one_shape_is_cut_once_and_each_language_by_itself(templates, monkeypatch):
    name = templates("{% load i18n %}{% translate 'Programme' %}: {{ word }}{% if n %}{{ n }}{% endif %}")
    cuts = []
    cut = stencils._cut
    monkeypatch.setattr(stencils, "_cut", lambda *given: (cuts.append(given[1]), cut(*given))[1])

    with translation.override("en"):
        assert stencils.filled(name, {"word": "a", "n": 0}) == "Programme: a"
        assert stencils.filled(name, {"word": "b", "n": 0}) == "Programme: b"
        assert len(cuts) == 1
        assert stencils.filled(name, {"word": "b", "n": 1}) == "Programme: b1"
        assert stencils.filled(name, {"word": "b", "n": True}) == "Programme: bTrue"
        assert stencils.filled(name, {"word": "", "n": 0}) == "Programme: "
        assert len(cuts) == 4
    with translation.override("bg"):
        assert stencils.filled(name, {"word": "a", "n": 0}) == "Програма: a"
    assert len(cuts) == 5


def test_it_keeps_no_more_than_it_may(templates, monkeypatch):
    name = templates("{{ n }}")
    monkeypatch.setattr(stencils, "KEPT_AT_MOST", 5)
    stencils._kept.clear()

    assert [stencils.filled(name, {"n": n}) for n in range(40)] == [str(n) for n in range(40)]
    assert len(stencils._kept) <= 5
    many = templates("{% for word in words %}{{ word }}{% endfor %}")
    for gaps, kept in ((stencils.GAPS_AT_MOST, 1), (stencils.GAPS_AT_MOST + 1, 0)):
        stencils._kept.clear()
        assert stencils.filled(many, {"words": ["x"] * gaps}) == "x" * gaps
        assert len(stencils._kept) == kept
    with override_settings(DEBUG=True):
        stencils._kept.clear()
        assert stencils.filled(name, {"n": 1}) == "1"
        assert stencils._kept == {}


@pytest.mark.parametrize(
    "template",
    ["{{ word|upper }}", "{{ word|lower }}", "{{ word|slice:':3' }}", "{{ word|make_list|join:'-' }}"],
)
def test_a_template_that_changes_a_text_is_refused(templates, template):
    with pytest.raises(ValueError, match="changes a text"):
        stencils.filled(templates(template), {"word": "abc"})


def test_what_a_template_may_not_look_at_is_refused(templates):
    assert stencils.filled(templates("{{ it.words }}"), {"it": Guarded("a", object())}) == "a"
    for template in (
        "{{ it.own }}",
        "{% if it.own %}x{% endif %}",
        "{% if it.words and it.own %}x{% endif %}",
        "{% if it.own == 1 %}x{% endif %}",
        "{% if not it.own %}x{% endif %}",
        "{{ it.own|length }}",
        "{{ it.own.words }}",
    ):
        with pytest.raises(ValueError, match="apart"):
            stencils.filled(templates(template), {"it": Guarded("a", object())})
    with pytest.raises(TypeError, match="object"):
        stencils.filled(templates("{{ it }}"), {"it": object()})
