"""Addresses of the public pages and calendars."""

from django.urls import URLPattern, URLResolver, path

from sessions.views import components, feeds

urlpatterns: list[URLPattern | URLResolver] = [
    path("programmes/<slug:programme>/calendar.ics", feeds.programme, name="programme_feed"),
    path("labs/<slug:lab>/calendar.ics", feeds.lab, name="lab_feed"),
    path("labs/<slug:lab>/tracks/<slug:track>/calendar.ics", feeds.track, name="track_feed"),
    path("labs/<slug:lab>/sessions/<slug:session>/calendar.ics", feeds.session, name="session_feed"),
    path("organise/components/", components.components, name="components"),
]
