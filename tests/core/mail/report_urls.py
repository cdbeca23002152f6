"""The addresses of a service whose emails leave by Postmark."""

from anymail.urls import urlpatterns as of_all_providers
from django.urls import include, path

from config.urls import urlpatterns as of_the_service

urlpatterns = [*of_the_service, path("mail/reports/", include((of_all_providers, "reports")))]
