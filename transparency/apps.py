"""The app of what machines can prove."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    name = "transparency"
    label = "transparency"
    verbose_name = "Transparency"

    def ready(self) -> None:
        from transparency import checks  # noqa: F401, PLC0415 - checks register themselves, and only once the apps are loaded
