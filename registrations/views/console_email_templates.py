"""The texts of a lab's emails in the console: which there are, changing them with a preview, a test, and resetting."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.mail import email_templates
from core.mail.message_list import occasion_in_words
from core.mail.models import EmailTemplate
from core.mail.placeholders import CHANGEABLE
from core.mail.previews import draft
from core.mail.previews import preview as preview_of
from core.mail.rendering import NotRenderable
from core.web.errors import InvalidFields, RuleViolation
from core.web.templatetags.site_tags import language_in_words
from labs import access
from labs.models import Lab
from labs.revisions import lock_lab
from labs.views import form_posts
from registrations.email_forms import EmailTemplateForm
from registrations.email_previews import person_for_preview
from registrations.models import Registration
from registrations.testing_emails import send_test
from registrations.views.email_documents import document, shown_email, with_frame


@dataclass(frozen=True)
class Row:
    """An occasion, and each language with whether its texts are changed."""

    occasion: str
    words: str
    languages: tuple[tuple[str, bool], ...]


@access.organiser
@require_safe
def templates(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Which emails there are, and which of their texts this lab has changed."""
    changed = set(EmailTemplate.objects.filter(lab=lab).values_list("occasion", "language"))
    codes = _languages(lab)
    rows = [
        Row(
            occasion,
            occasion_in_words(occasion),
            tuple((code, (occasion, code) in changed) for code in codes),
        )
        for occasion in CHANGEABLE
    ]
    context = {"lab": lab, "section": "mail", "tab": "texts", "rows": rows, "codes": codes}
    return render(request, "registrations/console/email_templates.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
@with_frame
def template(request: HttpRequest, lab: Lab, occasion: str, language: str) -> HttpResponse:
    """Change the texts of one kind of email in one language."""
    _check(occasion, language)

    def form_of(data: QueryDict | None, _lab: Lab) -> EmailTemplateForm:
        return EmailTemplateForm(data, template=email_templates.stored(lab.pk, occasion, language))

    form, is_saved = form_posts.edit_row(
        request,
        lab,
        lambda lab: lock_lab(lab.pk),
        form_of,
        lambda form: email_templates.save(lab.pk, occasion, language, form.texts),
    )
    if is_saved:
        messages.success(request, _("Email texts saved. Emails sent from now on have them."))
        return redirect("console_email_template", lab.slug, occasion, language)
    return _page(request, lab, occasion, language, form)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, lab: Lab, occasion: str, language: str) -> HttpResponse:
    """The email as a document of its own, with the data of a person: as stored, or by POST as typed.

    To who asks for JSON it says what is wrong with what is typed, by field: the page around cannot look into its frame.
    """
    _check(occasion, language)
    row = email_templates.stored(lab.pk, occasion, language)
    form = EmailTemplateForm(request.POST if request.method == "POST" else None, template=row)
    found: EmailTemplate | None = row
    try:
        if request.method == "POST":
            found = _typed(lab, occasion, language, form)
        person = _person(request, lab, language, form)
    except RuleViolation as error:
        form.add_errors(error.errors)
    if not request.accepts("text/html"):
        return JsonResponse({"errors": _messages(form)})
    if form.errors:
        return document(_errors(form), status=422)
    try:
        message, content = preview_of(occasion, person, found)
    except LookupError:
        said = _("This lab has no session yet. Add one to see this email.")
        return document(format_html("<p>{}</p>", said))
    except NotRenderable as error:
        return document(format_html("<p>{}</p>", str(error)), status=422)
    return shown_email(message, content)


@access.organiser
@require_POST
@with_frame
def test(request: HttpRequest, lab: Lab, occasion: str, language: str) -> HttpResponse:
    """Send the email, as it is typed, to whoever asks for it."""
    _check(occasion, language)
    form = EmailTemplateForm(request.POST, template=email_templates.stored(lab.pk, occasion, language))
    user = form_posts.person(request)
    try:
        typed = _typed(lab, occasion, language, form)
        person = _person(request, lab, language, form)
        form_posts.create_once(
            request,
            "console.email-test",
            lambda: {"message": str(send_test(partial(draft, occasion), person, user, typed).public_id)},
        )
    except RuleViolation as error:
        form.add_errors(error.errors)
    except LookupError:
        form.add_error(None, _("This lab has no session yet. Add one to see this email."))
    except NotRenderable as error:
        form.add_error(None, str(error))
    else:
        messages.success(request, _("A test email will be sent to %(email)s.") % {"email": user.email})
    return _page(request, lab, occasion, language, form)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, lab: Lab, occasion: str, language: str) -> HttpResponse:
    """Go back to the standard texts, after a question."""
    _check(occasion, language)
    row = email_templates.stored(lab.pk, occasion, language)
    back = reverse("console_email_template", args=[lab.slug, occasion, language])
    if row is None:
        if request.method == "POST":
            return redirect(back)
        raise Http404
    if request.method == "POST":
        words = _("The standard texts are used again.")
        form_posts.delete_or_say(request, row, row.delete, words, back, lab=lab)
        return redirect(back)
    with_texts = [row.subject, row.introduction, row.closing]
    return form_posts.ask(
        request,
        lab,
        _("Use the standard texts again?"),
        [
            _("Your subject, introduction and closing are deleted. You can undo this for an hour."),
            _("Emails that have already been sent stay as they are."),
            *(text[:300] for text in with_texts if text),
        ],
        _("Use the standard texts"),
        danger=True,
        about=f"{occasion_in_words(occasion)} · {language_in_words(language)}",
        section="mail",
        back=back,
    )


def _page(
    request: HttpRequest, lab: Lab, occasion: str, language: str, form: EmailTemplateForm
) -> HttpResponse:
    return form_posts.form_page(
        request,
        "registrations/console/email_template.html",
        form,
        lab=lab,
        section="mail",
        tab="texts",
        occasion=occasion,
        occasion_words=occasion_in_words(occasion),
        language=language,
        codes=_languages(lab),
        placeholders=[
            (email_templates.sample_text(name), words) for name, words in email_templates.described(occasion)
        ],
        is_changed=bool(form.stored_version),
        email=form_posts.person(request).email,
        now=timezone.now(),
    )


def _check(occasion: str, language: str) -> None:
    if not email_templates.is_offered(occasion, language):
        raise Http404


def _languages(lab: Lab) -> list[str]:
    """Return the languages of emails, those of the lab first."""
    return [*lab.languages, *(code for code, _name in settings.LANGUAGES if code not in lab.languages)]


def _typed(lab: Lab, occasion: str, language: str, form: EmailTemplateForm) -> EmailTemplate:
    """Return the texts as they are typed, unsaved. Raises InvalidFields."""
    template = EmailTemplate(lab=lab, occasion=occasion, language=language)
    typed = email_templates.checked(template, form.texts)
    if form.errors:
        raise InvalidFields(_messages(form))
    return typed


def _person(request: HttpRequest, lab: Lab, language: str, form: EmailTemplateForm) -> Registration:
    text = form.cleaned_data.get("person", "") if form.is_bound else ""
    person = person_for_preview(lab, language, text, form_posts.person(request))
    if person is None:
        raise RuleViolation("nobody", _("Nobody in this lab has this name or email."), "person")
    return person


def _messages(form: EmailTemplateForm) -> dict[str, list[str]]:
    """Return what is wrong by field."""
    errors: Mapping[str, Any] = form.errors
    return {name: [str(one) for one in words] for name, words in errors.items()}


def _errors(form: EmailTemplateForm) -> str:
    said = [
        (form.fields[name].label or "" if name in form.fields else "", words)
        for name, words in _messages(form).items()
    ]
    return format_html_join(
        "", "<p><strong>{}</strong> {}</p>", ((label, " ".join(words)) for label, words in said)
    )
