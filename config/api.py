"""The API's mounting point: one router per app."""

from ninja import NinjaAPI

from certificates.api import router as certificates
from labs.api import router as labs
from registrations.api import router as registrations
from sessions.api import router as sessions

api = NinjaAPI(title="City Labs", version="1", urls_namespace="api")
api.add_router("", labs)
api.add_router("", sessions)
api.add_router("", registrations)
api.add_router("", certificates)
