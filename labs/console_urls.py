"""Addresses of the console on this floor: programmes, people, keys."""

from django.urls import path

from labs.views import console_cities, console_people, console_programme, undo

CITIES = "programmes/<slug:programme>/cities/"

urlpatterns = [
    path("new-programme/", console_programme.new, name="console_programme_new"),
    path("programmes/<slug:programme>/", console_programme.programme, name="console_programme"),
    path("programmes/<slug:programme>/groups/", console_programme.groups, name="console_groups"),
    path("programmes/<slug:programme>/people/", console_programme.people, name="console_programme_people"),
    path(CITIES, console_cities.cities, name="console_cities"),
    path(CITIES + "new/", console_cities.new, name="console_city_new"),
    path(CITIES + "<slug:city>/edit/", console_cities.edit, name="console_city"),
    path("labs/<slug:lab>/people/", console_people.lab_people, name="console_people"),
    path("undo/<str:undo>/", undo.undo, name="console_undo"),
    path("tokens/", console_people.keys, name="console_tokens"),
]
