"""A lab's colour: whatever is picked, every page stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.web.palette import DEFAULT_COLOURS
from labs import theme
from labs.forms.labs import LabForm

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
def test_every_colour_reaches_every_contrast(colour):
    values = theme.theme_values(colour)
    assert theme.contrast(values["lab"], "#ffffff") >= 7
    assert theme.contrast(values["lab_dark"], "#ffffff") >= 10
    for ground in (values["lab"], values["lab_dark"]):
        assert theme.contrast(values["on_lab_2"], ground) >= 5.5
        assert theme.contrast(values["lab_lift"], ground) >= 3.3
    assert theme.contrast(values["lab_ink"], "#ffffff") >= 7
    assert theme.contrast(values["lab_ink_dark"], theme.WASH_2_DARK) >= 6.5
    assert theme.contrast(values["lab_tint"], theme.INK_LIGHT) >= 12
    assert theme.contrast(values["lab_tint_dark"], theme.INK_DARK) >= 12


@given(colours)
def test_values_are_plain_hex_and_always_the_same_eight(colour):
    values = theme.theme_values(colour)
    assert set(values) == set(DEFAULT_COLOURS)
    assert all(theme.clean_colour(value) == value for value in values.values())


@given(colours)
def test_oklch_and_back_gives_the_same_colour(colour):
    there = theme.to_hex(theme.to_oklch(colour))
    for at in (1, 3, 5):
        assert abs(int(there[at : at + 2], 16) - int(colour[at : at + 2], 16)) <= 1


@pytest.mark.parametrize("level", range(0, 256, 15))
def test_greys_get_the_house_values(level):
    assert theme.theme_values(f"#{level:02x}{level:02x}{level:02x}") == DEFAULT_COLOURS


def test_a_near_black_with_a_hue_gets_the_house_values():
    assert theme.theme_values("#020611") == DEFAULT_COLOURS


@pytest.mark.parametrize("colour", ["#00564e", "#8f3219", "#23408e"])
def test_a_colour_that_is_dark_enough_stays_as_picked(colour):
    assert theme.theme_values(colour)["lab"] == colour
    assert not theme.is_adjusted(colour)


def test_a_light_colour_keeps_its_hue_when_it_is_made_darker():
    picked, ground = theme.to_oklch("#ffb000"), theme.to_oklch(theme.theme_values("#ffb000")["lab"])
    assert theme.is_adjusted("#ffb000")
    assert ground.lightness < picked.lightness
    assert ground.hue == pytest.approx(picked.hue, abs=0.05)


@pytest.mark.parametrize(
    ("typed", "clean"), [("#0A7", "#00aa77"), ("00aa77", "#00aa77"), (" #00AA77 ", "#00aa77")]
)
def test_a_colour_may_be_typed_in_several_ways(typed, clean):
    assert theme.clean_colour(typed) == clean


@pytest.mark.parametrize(
    "typed",
    ["", "#12", "red", "#12345", "#gggggg", "#0000000", "rgb(0,0,0)", "#00aa77;}body{", "٠٠٠", "#00aa77\n}"],
)
def test_what_is_no_colour_is_refused(typed):
    with pytest.raises(ValueError, match="not a colour"):
        theme.clean_colour(typed)


def test_the_style_sheet_is_the_labs_alone():
    css = theme.theme_css("city-lab-5", theme.theme_values("#00564e"))
    assert css.startswith('@layer lab {\n  [data-lab="city-lab-5"] {\n    --lab: light-dark(#00564e, ')
    assert css.count("{") == css.count("}") == 2
    assert css.count("light-dark(") == 3


def test_suggested_colours_are_used_as_they_are():
    assert [colour for colour, _name in LabForm.COLOURS if theme.is_adjusted(colour)] == []
