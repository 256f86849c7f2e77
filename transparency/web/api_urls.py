"""Addresses below /api/: for machines, and the page that tells people about them."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from transparency.web.api import for_machines
from transparency.web.api_page import api, nothing, openapi, page


class AnythingConverter(StringConverter):
    """`path` leaves out addresses with a line feed, which would then be answered with a page."""

    regex = r"[\s\S]+"


register_converter(AnythingConverter, "anything")
urlpatterns = [
    path("", page, name="api"),
    path("v1/openapi.json", for_machines(openapi), name="api-document"),
    path("v1/", api.urls),
    path("<anything:rest>", for_machines(nothing), name="api-nothing"),
]
