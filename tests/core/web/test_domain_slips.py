"""Which address was meant where the domain has one wrong letter."""

import pytest

from core.web.domain_slips import PROVIDERS, meant_address


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Maria.P+lab@gmial.com", "Maria.P+lab@gmail.com"),  # swapped
        ("m@gmail.co", "m@gmail.com"),  # left out
        ("m@gmail.comm", "m@gmail.com"),  # added
        ("m@gmail.con", "m@gmail.com"),  # wrong
        ("m@GMAIL.CON", "m@gmail.com"),
        ("m@ab.bg", "m@abv.bg"),
        ("m@yahoo.rg", "m@yahoo.gr"),
        ("m@ec.europe.eu", "m@ec.europa.eu"),
    ],
)
def test_one_wrong_letter_is_noticed(typed: str, meant: str) -> None:
    assert meant_address(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *(f"m@{provider}" for provider in PROVIDERS),
        "m@mail.com", "m@ymail.com", "m@sofia.bg", "m@trikalacity.gr", "m@gmal.con", "m@example.org",
        "m@δήμος.example", "m@mail.abv.bg", '"odd @ one"@sofia.bg',
    ],
)  # fmt: skip
def test_providers_themselves_and_other_domains_are_left_alone(typed: str) -> None:
    assert meant_address(typed) is None
