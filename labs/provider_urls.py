"""Where e-mail providers report what became of mails; mounted only where a secret is set for them to show."""

from anymail.urls import urlpatterns as of_all_providers
from django.urls import URLPattern

from labs import access

urlpatterns = [
    pattern
    for pattern in of_all_providers
    if isinstance(pattern, URLPattern) and str(pattern.pattern).endswith("tracking/")
]
for pattern in urlpatterns:
    access.declare(pattern.callback, "provider")  # django-anymail compares the secret, in constant time
