"""The app of what people say, and of what people see."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    label = "reviews"
    verbose_name = "Reviews"

    def ready(self) -> None:
        # Only here are models loaded; the demonstration's reviews come after its people and products.
        from reviews.services.demo_reviews import demo_reviews  # noqa: PLC0415
        from transparency.registries import demonstration  # noqa: PLC0415

        demonstration.append(demo_reviews)
