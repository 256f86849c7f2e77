"""The app of what people say, and of what people see."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    label = "reviews"
    verbose_name = "Reviews"

    def ready(self) -> None:
        # Only here are models loaded; the demonstration's reviews come after its people and products.
        from reviews.queries import attestation_digests, engagements_fact  # noqa: PLC0415
        from reviews.services.demo_reviews import demo_reviews  # noqa: PLC0415
        from reviews.services.render_file import start_lexers  # noqa: PLC0415
        from transparency.registries import (  # noqa: PLC0415
            api_routers,
            before_serving,
            demonstration,
            logged_about,
            person_facts,
        )

        api_routers.append("reviews.web.api.router")
        demonstration.append(demo_reviews)
        before_serving.append(start_lexers)
        person_facts.append(engagements_fact)
        logged_about.append(attestation_digests)
