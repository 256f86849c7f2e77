"""Addresses below /api/: for machines, and the page that tells people about them."""

from django.urls import path

from transparency.web.api import for_machines
from transparency.web.api_page import api, nothing, openapi, page

urlpatterns = [
    path("", page, name="api"),
    path("v1/openapi.json", for_machines(openapi), name="api-document"),
    path("v1/", api.urls),
    path("<path:rest>", for_machines(nothing), name="api-nothing"),
]
