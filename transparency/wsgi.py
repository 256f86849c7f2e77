"""WSGI entry. Production does not start with a failed system check."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.template.loader import get_template
from django.urls import reverse

from transparency.registries import before_serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transparency.settings")
application = get_wsgi_application()
if settings.PRODUCTION:
    call_command("check", deploy=True, databases=["default"], fail_level="ERROR")
for prepare in before_serving:
    prepare()
# What is loaded when it is first needed would make the first visitors of each process wait.
reverse("home")
folder = settings.BASE_DIR / "templates"
for template in folder.rglob("*.html"):
    get_template(str(template.relative_to(folder)))
