"""The installation's stores, made from settings."""

from __future__ import annotations

from functools import cache as remember

from django.conf import settings

from transparency.gateways.cache import Cache
from transparency.gateways.logstore import LogStore
from transparency.gateways.objectstore import ObjectStore


@remember
def objects() -> ObjectStore:
    return ObjectStore(settings.OBJECT_ROOT)


@remember
def cache() -> Cache:
    return Cache(settings.CACHE_ROOT, objects(), limit=settings.CACHE_BYTES)


@remember
def log_store() -> LogStore:
    return LogStore(settings.LOG_ROOT)
