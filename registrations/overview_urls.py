"""Addresses of the console's first pages."""

from django.urls import path

from registrations.views import console_overview

urlpatterns = [
    path("organise/", console_overview.organise, name="organise"),
    path("organise/labs/<slug:lab>/", console_overview.lab, name="console_lab"),
]
