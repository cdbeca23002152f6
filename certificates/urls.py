from django.urls import path, register_converter

from certificates.views import console, public


class CodeConverter:
    """A typed code: letters, digits, dashes and spaces; the views put it into its own form."""

    regex = r"[0-9A-Za-z \-]{1,60}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CodeConverter, "code")

urlpatterns = [
    path("certificates/", public.certificate_check, name="certificate_check"),
    path("certificates/<code:code>.pdf", public.certificate_pdf, name="certificate_pdf"),
    path("certificates/<code:code>/", public.certificate, name="certificate"),
    path("organise/labs/<slug:lab>/certificates/", console.certificates, name="console_certificates"),
    path(
        "organise/labs/<slug:lab>/certificates/issue/", console.issue_all, name="console_certificates_issue"
    ),
    path(
        "organise/labs/<slug:lab>/certificates/replace/",
        console.replace_all,
        name="console_certificates_replace",
    ),
    path(
        "organise/labs/<slug:lab>/certificates/issue/<uuid:registration>/",
        console.issue_one,
        name="console_certificate_issue",
    ),
    path(
        "organise/labs/<slug:lab>/certificates/<code:code>/revoke/",
        console.revoke,
        name="console_certificate_revoke",
    ),
    path(
        "organise/labs/<slug:lab>/certificates/<code:code>/restore/",
        console.restore,
        name="console_certificate_restore",
    ),
    path(
        "organise/labs/<slug:lab>/certificates/<code:code>/replace/",
        console.replace,
        name="console_certificate_replace",
    ),
]
