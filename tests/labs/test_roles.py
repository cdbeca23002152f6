"""Who gives and takes which role, whoever calls the verbs; their pages are in test_console_people.py."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from core.accounts.models import User
from core.mail.models import Message
from core.mail.rendering import rendered
from core.web.errors import InvalidFields, RuleViolation
from labs import roles
from labs.models import City, Delegate, Lab, Programme, RoleInvitation, Staff
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", programme=f.ProgrammeFactory(slug="programme"))


@pytest.fixture
def programme(lab: Lab) -> Programme:
    return lab.programme


@pytest.fixture
def owner(programme: Programme) -> User:
    return f.OwnerFactory(programme=programme).user


@pytest.fixture
def organiser(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


@pytest.fixture
def city(programme: Programme) -> City:
    city: City = f.CityFactory(name={"en": "Plovdiv", "bg": "Пловдив"})
    programme.cities.add(city)
    return city


@contextmanager
def not_allowed() -> Iterator[None]:
    with pytest.raises(RuleViolation) as refused:
        yield
    assert refused.value.code == "not_allowed"


def test_the_rules_hold_whoever_calls_the_verbs(lab: Lab, owner: User, organiser: User) -> None:
    programme, stranger = lab.programme, f.UserFactory()
    owning = Staff.objects.get(user=owner)
    city = f.CityFactory()
    programme.cities.add(city)
    delegate = roles.add_delegate(programme, stranger.email, city, by=owner)
    for by in (organiser, stranger, f.StaffFactory(lab=lab, role="door").user):
        with not_allowed():
            roles.remove_staff(owning, by=by)
        with not_allowed():
            roles.add_owner(programme, stranger.email, by=by)
        with not_allowed():
            roles.add_delegate(programme, stranger.email, city, by=by)
        with not_allowed():
            roles.remove_delegate(delegate, by=by)
    for by in (stranger, f.StaffFactory(lab=lab, role="door").user, f.StaffFactory().user):
        with not_allowed():
            roles.add_to_lab(lab, stranger.email, "organiser", by=by)
        with not_allowed():
            roles.remove_staff(Staff.objects.get(user=organiser), by=by)
    with pytest.raises(RuleViolation):
        roles.add_to_lab(lab, stranger.email, "owner", by=owner)


def test_one_role_for_each_person_and_lab(lab: Lab, organiser: User) -> None:
    helper = f.UserFactory()
    elsewhere = f.StaffFactory(user=helper, role="door")
    first = roles.add_to_lab(lab, helper.email, "door", by=organiser)
    assert roles.add_to_lab(lab, helper.email, "door", by=organiser) == first
    assert roles.add_to_lab(lab, helper.email, "organiser", by=organiser) == first
    assert [(row.lab, row.role) for row in helper.staff_roles.order_by("pk")] == [
        (elsewhere.lab, "door"),
        (lab, "organiser"),
    ]
    assert Staff.objects.filter(user=organiser, role="organiser").count() == 1


def test_an_owner_is_one_once_and_a_delegate_once_for_each_city(
    programme: Programme, owner: User, city: City
) -> None:
    user = f.UserFactory()
    other: City = f.CityFactory()
    programme.cities.add(other)
    assert roles.add_owner(programme, user.email, by=owner) == roles.add_owner(
        programme, user.email, by=owner
    )
    for each in (city, city, other):
        roles.add_delegate(programme, user.email, each, by=owner)
    assert set(Delegate.objects.values_list("user", "programme", "city")) == {
        (user.pk, programme.pk, city.pk),
        (user.pk, programme.pk, other.pk),
    }
    assert Staff.objects.filter(user=user, programme=programme, role="owner").count() == 1


def test_an_owner_of_one_programme_keeps_it_though_others_have_owners_too(
    programme: Programme, owner: User
) -> None:
    f.OwnerFactory()
    own = Staff.objects.get(user=owner)
    with pytest.raises(RuleViolation):
        roles.remove_staff(own, by=owner)
    # Neither does an organiser of one of its labs count as one.
    f.StaffFactory(lab=f.LabFactory(programme=programme))
    with pytest.raises(RuleViolation):
        roles.remove_staff(own, by=owner)
    second = roles.add_owner(programme, f.UserFactory().email, by=owner)
    roles.remove_staff(own, by=owner)
    assert list(Staff.objects.filter(programme=programme)) == [second]


def test_an_organiser_takes_a_role_in_the_own_lab(lab: Lab, organiser: User) -> None:
    door = f.StaffFactory(lab=lab, role="door")
    roles.remove_staff(door, by=organiser)
    assert not Staff.objects.filter(pk=door.pk).exists()


def test_a_delegate_is_of_a_city_of_the_programme(programme: Programme, owner: User, city: City) -> None:
    with pytest.raises(InvalidFields) as refused:
        roles.add_delegate(programme, "delegate@example.org", f.CityFactory(), by=owner)
    assert list(refused.value.errors) == ["city"]
    assert not Delegate.objects.exists()


def test_a_delegate_goes_when_an_owner_says_so(programme: Programme, owner: User, city: City) -> None:
    delegate, other = (
        roles.add_delegate(programme, f.UserFactory().email, city, by=owner) for _number in range(2)
    )
    roles.remove_delegate(delegate, by=owner)
    assert list(Delegate.objects.all()) == [other]


def test_whoever_is_new_reads_who_invited_as_what_and_where(
    lab: Lab, programme: Programme, owner: User, city: City
) -> None:
    programme.languages = lab.languages = ["bg", "en"]
    programme.save()
    lab.save()
    roles.add_to_lab(lab, "Door@Example.org", "door", by=owner, name="  Demo door  ")
    roles.add_delegate(programme, "delegate@example.org", city, by=owner)
    roles.add_owner(programme, "owner@example.org", by=owner, language="en")

    assert not User.objects.filter(email__in=["door@example.org", "owner@example.org"]).exists()
    invited = RoleInvitation.objects.get(email="door@example.org")
    assert (invited.name, invited.language, invited.invited_by) == ("Demo door", "bg", owner)
    mails = {mail.to_email: mail for mail in Message.objects.all()}
    assert {address: (mail.occasion, mail.lab, mail.language) for address, mail in mails.items()} == {
        "door@example.org": ("role_invited", lab, "bg"),
        "delegate@example.org": ("role_invited", None, "bg"),
        "owner@example.org": ("role_invited", None, "en"),
    }
    texts = {address: rendered(mail, reveal=False).text for address, mail in mails.items()}
    assert lab.title["bg"] in texts["door@example.org"]
    assert "Пловдив" in texts["delegate@example.org"]
    assert programme.name["en"] in texts["owner@example.org"]
    for text in texts.values():
        assert str(owner) in text
    # Asked for once more, nobody is written to twice; another role in the lab takes the first one's place.
    roles.add_to_lab(lab, "door@example.org", "organiser", by=owner)
    assert Message.objects.count() == 3
    assert RoleInvitation.objects.get(email="door@example.org").role == "organiser"


def test_an_account_is_told_once_in_its_own_language_and_nobody_of_the_own_deed(
    lab: Lab, organiser: User
) -> None:
    helper = f.UserFactory(language="el")
    for _twice in range(2):
        roles.add_to_lab(lab, helper.email, "door", by=organiser, language="bg")
    roles.add_to_lab(lab, organiser.email, "organiser", by=organiser)
    message = Message.objects.get()
    assert (message.occasion, message.to_email, message.language) == ("role_given", helper.email, "el")
    roles.add_to_lab(lab, helper.email, "organiser", by=organiser)
    assert Message.objects.filter(occasion="role_given").count() == 2


def test_a_name_may_have_two_hundred_characters(lab: Lab, organiser: User) -> None:
    roles.add_to_lab(lab, "long@example.org", "door", by=organiser, name="x" * 200)
    with pytest.raises(InvalidFields) as refused, transaction.atomic():
        roles.add_to_lab(lab, "longer@example.org", "door", by=organiser, name="x" * 201)
    assert refused.value.errors == {"name": ["Enter at most 200 characters."]}
    assert list(RoleInvitation.objects.values_list("email", flat=True)) == ["long@example.org"]
