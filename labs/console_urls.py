"""Addresses of the console on this floor: programmes, people, keys."""

from django.urls import path

from labs.views import console_people, console_programme

urlpatterns = [
    path("programmes/<slug:programme>/", console_programme.programme, name="console_programme"),
    path("programmes/<slug:programme>/groups/", console_programme.groups, name="console_groups"),
    path("programmes/<slug:programme>/people/", console_programme.people, name="console_programme_people"),
    path("labs/<slug:lab>/people/", console_people.lab_people, name="console_people"),
    path("tokens/", console_people.keys, name="console_tokens"),
]
