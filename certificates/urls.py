from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from certificates.views import console, public


class CodeConverter(StringConverter):
    """A typed code: letters, digits, dashes and spaces; the views put it into its own form."""

    regex = r"[0-9A-Za-z \-]{1,60}"


register_converter(CodeConverter, "code")

organise = [
    path("", console.certificates, name="console_certificates"),
    path("issue/", console.issue_all, name="console_certificates_issue"),
    path("replace/", console.replace_all, name="console_certificates_replace"),
    path("issue/<uuid:registration>/", console.issue_one, name="console_certificate_issue"),
    path("<code:code>/revoke/", console.revoke, name="console_certificate_revoke"),
    path("<code:code>/restore/", console.restore, name="console_certificate_restore"),
    path("<code:code>/replace/", console.replace, name="console_certificate_replace"),
]

urlpatterns = [
    path("certificates/", public.certificate_check, name="certificate_check"),
    path("certificates/<code:code>.pdf", public.certificate_pdf, name="certificate_pdf"),
    path("certificates/<code:code>/", public.certificate, name="certificate"),
    path("organise/labs/<slug:lab>/certificates/", include(organise)),
]
