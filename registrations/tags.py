"""Tags and notes of organisers, and the filters that they save."""

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields, RuleViolation
from labs.models import Lab
from registrations.models import Note, Registration, SavedFilter, Tag, Tagging

MAX_TAGS = 100  # of one lab
MAX_NOTES = 200  # of one person
MAX_FILTERS = 20  # of one person in one lab
# What is said of the list: not which page of it.
FILTERS = ("q", "session", "seat", "mode", "state", "city", "group", "language", "tag", "photos", "sort")


def tags_of(lab: Lab) -> list[Tag]:
    """Return the tags of a lab, by name. One query."""
    return list(Tag.objects.filter(lab=lab).order_by("name", "pk"))


def tag_names(registration_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the names of tags by registration id. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Tagging.objects.filter(registration__in=list(registration_ids)).order_by("tag__name", "tag")
    for pk, name in rows.values_list("registration_id", "tag__name"):
        found[pk].append(name)
    return found


def get_or_create_tag(lab: Lab, name: str) -> Tag:
    """Return the lab's tag of this name, whatever its case. Raises InvalidFields for a name that is none."""
    name = " ".join(name.split())
    found = Tag.objects.filter(lab=lab, name__iexact=name).first()
    if found is not None:
        return found
    tag = Tag(lab=lab, name=name)
    try:
        tag.clean_fields(exclude=["lab"])
    except ValidationError as error:
        said = messages_by_column(tag, error)
        raise InvalidFields({"tag": said.get("name", [])}) from error
    if Tag.objects.filter(lab=lab).count() >= MAX_TAGS:
        raise RuleViolation("too_many_tags", _("This lab has too many tags. Remove one first."), "tag")
    try:
        with transaction.atomic():
            tag.save(force_insert=True)
    except IntegrityError:  # a concurrent request, or a letter whose case the database does not know
        return Tag.objects.get(lab=lab, name__iexact=name)
    return tag


def lock_person(registration_id: int) -> None:
    """Lock a registration about which something is written. Raises RuleViolation (code: gone) for one erased since."""
    if not Registration.objects.filter(pk=registration_id, erased_at__isnull=True).locked():
        raise RuleViolation("gone", _("This registration no longer exists."))


@transaction.atomic
def tag(registration: Registration, name: str) -> bool:
    """Give the registration a tag of its lab, which is created if need be. Returns whether it is new to it.

    Raises InvalidFields and RuleViolation (codes: gone, too_many_tags).
    """
    lock_person(registration.pk)
    row = get_or_create_tag(registration.lab, name)
    return Tagging.objects.get_or_create(tag=row, registration=registration)[1]


@transaction.atomic
def untag(registration: Registration, name: str) -> bool:
    """Take a tag from the registration; a tag that nobody has any longer goes. Returns whether it was there."""
    rows = Tagging.objects.filter(
        registration=registration, tag__lab=registration.lab_id, tag__name__iexact=name
    )
    tags = list(rows.values_list("tag", flat=True))
    if not tags:
        return False
    rows.delete()
    Tag.objects.filter(pk__in=tags, taggings__isnull=True).delete()
    return True


@transaction.atomic
def write_note(registration: Registration, text: str, by: User) -> Note:
    """Note something about the person. Raises InvalidFields and RuleViolation (codes: gone, too_many)."""
    note = Note(registration=registration, text=text.replace("\r\n", "\n").strip(), by=by)
    try:
        note.clean_fields(exclude=["registration", "by"])
    except ValidationError as error:
        raise InvalidFields(messages_by_column(note, error)) from error
    lock_person(registration.pk)
    if Note.objects.filter(registration=registration).count() >= MAX_NOTES:
        raise RuleViolation("too_many", _("This person has too many notes. Delete one first."), "text")
    note.save(force_insert=True)
    return note


def forget(registration_ids: Iterable[int]) -> None:
    """Delete what organisers noted about these people, and tags that nobody else has."""
    ids = list(registration_ids)
    Note.objects.filter(registration__in=ids).delete()
    tagged = Tagging.objects.filter(registration__in=ids)
    tags = list(tagged.values_list("tag", flat=True))
    tagged.delete()
    Tag.objects.filter(pk__in=tags, taggings__isnull=True).delete()


def filters_of(user: User, lab: Lab) -> list[SavedFilter]:
    return list(SavedFilter.objects.filter(user=user, lab=lab))


def filter_query(query: str) -> str:
    """Return the filters of a query in their usual order, without pages and unknown parameters."""
    said = dict(parse_qsl(query))
    return urlencode([(name, said[name]) for name in FILTERS if said.get(name)])


def saved_query(query: str) -> str:
    """Return what is saved of it: not what was searched for, which may be the name of somebody who is erased later."""
    return urlencode([(name, said) for name, said in parse_qsl(filter_query(query)) if name != "q"])


@transaction.atomic
def save_filter(user: User, lab: Lab, name: str, query: str) -> SavedFilter:
    """Save a filter under a name; one of the same name is replaced. Raises InvalidFields, RuleViolation."""
    query = saved_query(query)
    row = SavedFilter(user=user, lab=lab, name=" ".join(name.split()), query=query)
    try:
        row.clean_fields(exclude=["user", "lab"])
    except ValidationError as error:
        said = messages_by_column(row, error)
        raise InvalidFields({"name": said.get("name", said.get("query", []))}) from error
    own = SavedFilter.objects.filter(user=user, lab=lab)
    same = own.filter(name__iexact=row.name).first()
    if same is not None:
        same.name, same.query = row.name, query
        same.save(update_fields=["name", "query"])
        return same
    if own.count() >= MAX_FILTERS:
        raise RuleViolation("too_many", _("You have saved too many filters. Delete one first."), "name")
    row.save(force_insert=True)
    return row
