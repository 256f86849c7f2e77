"""WSGI entry. Production does not start with a failed system check."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from transparency.registries import before_serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transparency.settings")
application = get_wsgi_application()
if settings.PRODUCTION:
    call_command("check", deploy=True, databases=["default"], fail_level="ERROR")
for prepare in before_serving:
    prepare()
