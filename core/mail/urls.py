"""Where the email provider reports what became of emails; mounted only where a secret is set for it to show.

Only the provider that emails leave by has an address: those of others would ask for settings that nobody made.
"""

from anymail.urls import urlpatterns as of_all_providers
from django.conf import settings
from django.urls import URLPattern

from core.web import access

_provider = settings.EMAIL_BACKEND.removeprefix("anymail.backends.").partition(".")[0]

urlpatterns = [
    pattern
    for pattern in of_all_providers
    if isinstance(pattern, URLPattern) and str(pattern.pattern) == f"{_provider}/tracking/"
]
for pattern in urlpatterns:
    access.declare(pattern.callback, "provider")  # django-anymail compares the secret, in constant time
