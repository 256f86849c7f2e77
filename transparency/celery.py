"""The Celery application. It carries job ids and nothing else; the Job row is the truth."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transparency.settings")
app = Celery("transparency")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["transparency"])
