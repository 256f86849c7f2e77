"""How the files of a form reach the disk: in the product's own compartment, never in a folder that others read."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from transparency.gateways.durable import disk_weather
from transparency.services.stores import objects

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Product

MAX_FORM_BYTES = 512 * 1024**2
# Boundaries, the other fields and small files beside the archive.
FORM_ALLOWANCE_BYTES = 20 * 1024**2


def is_too_large(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > MAX_FORM_BYTES + FORM_ALLOWANCE_BYTES


class ScratchHandler(FileUploadHandler):
    """Files of a form, each into a nameless file of the product's compartment, gone when the request is."""

    def __init__(self, request: HttpRequest, product: Product) -> None:
        super().__init__(request)
        self._folder = objects().scratch(product.store_key)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        with disk_weather():
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - Django closes it with the request

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's signature
        with disk_weather():
            self._file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        with disk_weather():
            self._file.seek(0)
        return UploadedFile(
            self._file, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )
