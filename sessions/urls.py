"""URLs of public pages and calendars."""

from django.urls import URLPattern, URLResolver, include, path

from sessions.exports.formats import FORMATS
from sessions.views import (
    changes,
    cities,
    components,
    discovery,
    downloads,
    feeds,
    home,
    lab_page,
    pages,
    social_images,
    speakers,
    speaking,
    subscribe,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("programmes/<slug:programme>/", home.programme_page, name="programme"),
    path("programmes/<slug:programme>/cities/<slug:city>/", cities.city, name="city"),
    path("programmes/<slug:programme>/calendar.ics", feeds.programme, name="programme_feed"),
    path("labs/<slug:lab>/", lab_page.lab, name="lab"),
    path("labs/<slug:lab>/calendar.ics", feeds.lab, name="lab_feed"),
    path("labs/<slug:lab>/changes/", changes.changes, name="lab_changes"),
    path("labs/<slug:lab>/changes.atom", changes.feed, name="lab_changes_feed"),
    path("labs/<slug:lab>/preview.png", social_images.lab, name="lab_picture"),
    path("labs/<slug:lab>/download/", downloads.downloads, name="downloads"),
    *(
        path(f"labs/<slug:lab>/{name}", downloads.download, {"name": name}, name=name.replace(".", "_"))
        for name in FORMATS
    ),
    path("labs/<slug:lab>/subscribe/", subscribe.subscribe, name="subscribe"),
    path("labs/<slug:lab>/subscribe/renew/", subscribe.renew_calendar, name="renew_calendar"),
    path("labs/<slug:lab>/tracks/<slug:track>/calendar.ics", feeds.track, name="track_feed"),
    path("labs/<slug:lab>/sessions/<slug:session>/", pages.session, name="session"),
    path("labs/<slug:lab>/sessions/<slug:session>/calendar.ics", feeds.session, name="session_feed"),
    path("labs/<slug:lab>/speakers/", speakers.speakers, name="speakers"),
    path("labs/<slug:lab>/speakers/<slug:speaker>/", speakers.speaker, name="speaker"),
    path("labs/<slug:lab>/speakers/<slug:speaker>/photo", speakers.photo, name="speaker_photo"),
    path(
        "labs/<slug:lab>/sessions/<slug:session>/slides/<slug:speaker>/",
        speakers.session_slides,
        name="session_slides",
    ),
    path("speaking/<str:token>/", speaking.speaking, name="speaking"),
    path("speaking/<str:token>/profile/", speaking.profile, name="speaking_profile"),
    path("speaking/<str:token>/availability/", speaking.availability, name="speaking_availability"),
    path("speaking/<str:token>/photo/", speaking.own_photo, name="speaking_photo"),
    path("speaking/<str:token>/forget/", speaking.forget, name="speaking_forget"),
    path("speaking/<str:token>/sessions/<int:own_session>/reply/", speaking.reply, name="speaking_reply"),
    path("speaking/<str:token>/sessions/<int:own_session>/slides/", speaking.hand_in, name="speaking_slides"),
    path(
        "speaking/<str:token>/sessions/<int:own_session>/slides/file/",
        speaking.own_slides,
        name="speaking_slides_file",
    ),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("robots.txt", discovery.robots, name="robots"),
    path(".well-known/security.txt", discovery.security, name="security_txt"),
    path("organise/", include("sessions.console_urls")),
    path("organise/components/", components.components, name="components"),
]
