"""The tags that every page uses."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.forms import formset_factory
from django.template import engines
from django.test import RequestFactory
from django.utils.html import format_html
from django.utils.translation import override
from i18nfield.forms import I18nForm, I18nFormField, I18nTextarea, I18nTextInput
from i18nfield.strings import LazyI18nString

from core.web.idempotency import is_form_key

NOON = datetime(2027, 4, 6, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Seats:
    capacity: int | None
    seats_taken: int
    seats_waiting: int = 0
    waiting_list: bool = True

    @property
    def seats_left(self) -> int | None:
        return None if self.capacity is None else self.capacity - self.seats_taken


@dataclass(frozen=True)
class SomeLab:
    default_language: str = "bg"


def show(
    template: str, *, path: str = "/x/", cookies: dict[str, str] | None = None, **context: object
) -> str:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.COOKIES = cookies or {}
    request.session = {}  # type: ignore[assignment]
    return engines["django"].from_string(template).render(context, request).strip()


def squeezed(html: str) -> str:
    return " ".join(html.split()).replace("> <", "><").replace(" >", ">")


# Texts


def test_a_text_is_said_in_the_readers_language():
    assert show("{% say text %}", text={"en": "Opening", "bg": "Откриване"}) == "Opening"


def test_a_text_in_another_language_says_so():
    assert (
        show("{% say text %}", text={"bg": "Откриване", "el": "Έναρξη"}) == '<span lang="bg">Откриване</span>'
    )


def test_the_labs_default_language_comes_before_any_other():
    text = {"el": "Έναρξη", "bg": "Откриване"}
    assert show("{% say text %}", text=text, lab=SomeLab()) == '<span lang="bg">Откриване</span>'
    assert (
        show("{% say text within=other %}", text=text, other=SomeLab("el")) == '<span lang="el">Έναρξη</span>'
    )


def test_a_text_with_markup_is_escaped_in_every_form():
    text = {"en": '<b onclick="x">&'}
    assert show("{% say text %}|{% say_plain text %}", text=text) == "|".join(
        ["&lt;b onclick=&quot;x&quot;&gt;&amp;"] * 2
    )
    assert show("{% say text as it %}{{ it }}", text=text) == "&lt;b onclick=&quot;x&quot;&gt;&amp;"
    assert show("{% say text %}", text={"bg": "<i>"}) == '<span lang="bg">&lt;i&gt;</span>'


def test_a_text_that_was_taken_for_safe_opens_nothing_for_the_same_words_of_others():
    words = "<b>once</b>"

    for one in (format_html("<b>{}</b>", "once"), words, format_html("<b>{}</b>", "once")):
        assert show("{% say text %}", text={"bg": one}) == '<span lang="bg">&lt;b&gt;once&lt;/b&gt;</span>'


@pytest.mark.parametrize("nothing", ["", None, {}, {"en": ""}, LazyI18nString("")])
def test_no_text_prints_nothing(nothing):
    assert show("{% say text %}{% say_plain text %}{% prose text %}{{ text|plain }}", text=nothing) == ""


def test_prose_marks_its_language_and_starts_below_the_pages_headings():
    assert (
        show("{% prose text %}", text={"bg": "# Защо"}) == '<div class="prose" lang="bg"><h3>Защо</h3></div>'
    )
    assert show("{% prose text top=2 %}", text={"en": "# Why"}) == '<div class="prose"><h2>Why</h2></div>'


def test_plain_cuts_after_a_word():
    assert show("{{ text|plain:14 }}", text={"en": "Local **green** deals in towns"}) == "Local green…"


def test_unsafe_addresses_of_people_are_not_printed():
    assert (
        show("{{ a|safe_link }}|{{ b|safe_link }}", a="javascript:1", b="https://example.org/")
        == "|https://example.org/"
    )


# Days and hours


def test_an_instant_is_shown_as_clocks_in_the_zone_show_it():
    assert (
        show('{% local_time at "Europe/Sofia" %}', at=NOON)
        == '<time datetime="2027-04-06T12:00+03:00">12:00</time>'
    )
    assert show('{% local_words at "Europe/Rome" "short" %}', at=NOON) == "Tue 6 Apr, 11:00"
    assert show('{% local_time at "Europe/Rome" %}', at=None) == ""


def test_an_instant_in_a_column_is_brief_and_has_its_date_in_full_as_title():
    assert (
        show('{% brief_time at "Europe/Sofia" %}', at=NOON.replace(year=2019))
        == '<time datetime="2019-04-06T12:00+03:00" title="6 April 2019, 12:00">6 Apr 2019, 12:00</time>'
    )
    assert show('{% brief_time at "Europe/Sofia" %}', at=None) == ""


def test_a_span_over_midnight_names_the_second_day():
    ends = datetime(2027, 4, 6, 22, 30, tzinfo=UTC)
    shown = show('{% local_span a b "Europe/Sofia" %}', a=NOON, b=ends)
    assert shown == (
        '<time datetime="2027-04-06T12:00+03:00">12:00</time>–'
        '<time datetime="2027-04-07T01:30+03:00">Wed 7 Apr, 01:30</time>'
    )


def test_a_zone_is_named_with_its_offset_at_that_instant():
    assert show('{% zone_name "Europe/Sofia" at %}', at=NOON) == "<strong>Sofia time</strong> (EEST, UTC+3)"
    winter = datetime(2027, 1, 6, tzinfo=UTC)
    assert show('{% zone_words "Europe/Sofia" at %}', at=winter) == "Sofia time (EET, UTC+2)"
    assert show('{% zone_words "UTC" at %}', at=NOON) == "UTC"


def test_days_are_in_the_readers_language():
    with override("bg"):
        assert show("{{ on|long_date }}", on=date(2027, 4, 6)) == "6 април 2027 г."
        assert show("{{ code|language_in_words }}", code="el") == "гръцки"
    assert show("{{ code|language_in_words }}", code="bg") == "Bulgarian"


# Seats


@pytest.mark.parametrize(
    ("seats", "words"),
    [
        (Seats(None, 400), "Open to everyone who registers"),
        (Seats(200, 136), "64 seats left"),
        (Seats(200, 199), "1 seat left"),
        (Seats(300, 300, 12), "Full. 12 people are waiting"),
        (Seats(300, 300, 1), "Full. 1 person is waiting"),
        (Seats(300, 300), "Full. You can join the waiting list"),
        (Seats(300, 300, waiting_list=False), "Full, without a waiting list"),
        (Seats(0, 0), "Full. You can join the waiting list"),
    ],
)
def test_seats_come_in_words(seats, words):
    assert show("{% seats_words s %}", s=seats) == words


def test_the_line_shows_the_share_left_and_warns_when_few_are_left():
    few = show("{% seats s %}", s=Seats(120, 111))
    assert '<strong class="num">9</strong> seats left' in few
    assert '<rect class="m-few" width="7.5" height="1">' in few
    with override("bg"):
        assert 'width="7.5"' in show("{% seats s %}", s=Seats(120, 111))


# Addresses


def test_other_parameters_of_the_query_are_kept():
    shown = show("{% active_query page=2 q=None %}", path="/x/?q=a&state=waiting&page=1")
    assert shown == "?state=waiting&amp;page=2"


# Forms


class SomeForm(I18nForm):
    name = forms.CharField(label="Name", help_text="As on the <certificate>")
    city = forms.ChoiceField(label="City", required=False, choices=[("", "None"), ("sofia", "Sofia")])
    language = forms.ChoiceField(label="Language", choices=settings.LANGUAGES, widget=forms.RadioSelect)
    title = I18nFormField(label="Title", widget=I18nTextInput)
    text = I18nFormField(label="Text", widget=I18nTextarea, required=False)
    consent = forms.BooleanField(label="I agree")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_form_key_is_given_out_without_a_session():
    html = show("{% form_key %}")
    assert "csrfmiddlewaretoken" not in html
    assert is_form_key(html.split('value="')[1].rstrip('">'))


def test_with_a_session_its_token_goes_along():
    html = show("{% form_key %}", cookies={settings.SESSION_COOKIE_NAME: "x"})
    assert html.count('type="hidden"') == 2
    assert 'name="csrfmiddlewaretoken"' in html


def test_a_field_ties_label_hint_and_control_together():
    html = squeezed(show('{% field form.name autocomplete="name" css="input-short" %}', form=SomeForm()))
    assert html == (
        '<div class="field"><label for="id_name"> Name </label>'
        '<p class="hint" id="id_name_helptext">As on the &lt;certificate&gt;</p>'
        '<input type="text" name="name" autocomplete="name" aria-describedby="id_name_helptext" '
        'class="input input-short" required id="id_name"></div>'
    )


def test_an_error_stands_beside_its_field_and_what_was_typed_is_kept():
    form = SomeForm({"name": "", "city": "x<y"})
    html = squeezed(show("{% field form.name %}{% field form.city %}", form=form))
    assert (
        'aria-describedby="id_name_error id_name_helptext" class="input" required aria-invalid="true"' in html
    )
    assert '<div class="errors" id="id_name_error">' in html
    assert "This field is required." in html
    assert "x&lt;y" in html


def test_optional_fields_are_marked_unless_the_form_says_otherwise():
    form = SomeForm()
    assert "(optional)" in show("{% field form.city %}", form=form)
    assert "(optional)" not in show("{% field form.city optional=False %}", form=form)
    assert "(optional)" not in show("{% field form.title %}", form=form)
    form.mark_optional = False  # type: ignore[attr-defined]
    assert "(optional)" not in show("{% field form.city %}", form=form)


def test_radio_buttons_are_a_group_with_a_legend_and_languages_in_their_own():
    html = squeezed(show("{% field form.language %}", form=SomeForm({"language": "bg"})))
    assert html.startswith('<fieldset class="field"><legend> Language </legend>')
    assert html.count('type="radio"') == 3
    assert '<label for="id_language_1" lang="bg">Български</label>' in html
    assert 'value="bg" id="id_language_1" required checked' in html


def test_a_text_in_several_languages_has_an_input_for_each_of_them():
    form = SomeForm(locales=["en", "bg"], initial={"title": LazyI18nString({"en": "One", "bg": "Едно"})})
    html = squeezed(show("{% field form.title rows=2 %}", form=form))
    assert '<label for="id_title_0"><span lang="en">English</span></label>' in html
    assert 'name="title_1" value="Едно" lang="bg" dir="ltr" rows="2" id="id_title_1" class="input"' in html
    assert "title_2" not in html
    assert "placeholder" not in html


def test_several_languages_keep_what_was_typed_and_say_what_is_wrong():
    form = SomeForm({"title_0": "", "title_1": "", "text_0": "<p>", "text_1": ""}, locales=["bg", "el"])
    html = show("{% field form.title %}{% field form.text %}", form=form)
    assert html.count('aria-invalid="true"') == 2
    assert html.count('aria-describedby="id_title_error"') == 3  # both inputs, and the group


def test_the_summary_links_to_every_field_in_the_forms_order():
    form = SomeForm({"name": ""}, locales=["bg"])
    html = squeezed(show("{% error_summary form %}", form=form))
    assert "There are problems with 4 answers" in html
    assert 'role="alert" aria-labelledby="problems-title" tabindex="-1" autofocus' in html
    places = [part.split('"')[0] for part in html.split('href="#')[1:]]
    assert places == ["id_name", "id_language_0", "id_title_1", "id_consent"]
    assert "Name: This field is required." in html


def test_the_summary_holds_the_errors_of_formsets_and_none_where_all_is_well():
    lines = formset_factory(SomeForm, extra=1)
    bound = lines({"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-name": "x"})
    assert 'href="#id_form-0-language_0"' in show("{% error_summary f %}", f=bound)
    assert show("{% error_summary f g %}", f=SomeForm(), g=None) == ""


def test_a_whole_form_prints_its_fields_the_same_way():
    html = show("{{ form }}", form=SomeForm(locales=["en"]))
    assert html.count('class="field"') == 6
    assert html.count('name="token"') == 1


def test_an_error_that_holds_markup_is_escaped():
    form = SomeForm({})
    form.add_error("name", "<script>alert(1)</script>")
    form.add_error(None, "<img src=x>")
    html = show("{% error_summary form %}{% field form.name %}", form=form)
    assert "<script" not in html
    assert "<img" not in html
