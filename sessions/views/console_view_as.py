"""Beginning and ending to see a lab's pages as somebody else (`labs.view_as`)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from labs import access
from labs import view_as as viewing
from labs.models import Lab
from labs.view_as import As
from sessions.forms.view_as import ViewAsForm, own_path


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def view_as(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Choose as whom; `?path=` is the page that one comes from, and is led back to."""
    if request.method != "POST":
        form = ViewAsForm(lab=lab, initial={"path": own_path(request.GET.get("path", ""))})
        return _page(request, lab, form)
    form = ViewAsForm(request.POST, lab=lab)
    if not form.is_valid():
        return _page(request, lab, form)
    who = form.cleaned_data["who"]
    first = reverse("console_attendance" if who == As.DOOR else "lab", args=[lab.slug])
    response = redirect(form.cleaned_data["path"] or first)
    viewing.start(request, response, lab, who, form.cleaned_data["city"])
    return response


@access.organiser
@require_POST
def end(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Back to one's own view, on the same page."""
    response = redirect(own_path(request.POST.get("path", "")) or reverse("console_lab", args=[lab.slug]))
    viewing.end(request, response)
    return response


def _page(request: HttpRequest, lab: Lab, form: ViewAsForm) -> HttpResponse:
    context = {"lab": lab, "section": "overview", "form": form}
    return render(request, "sessions/console/view_as.html", context, status=422 if form.errors else 200)
