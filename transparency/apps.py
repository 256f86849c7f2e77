"""The app of what machines can prove."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    name = "transparency"
    label = "transparency"
    verbose_name = "Transparency"

    def ready(self) -> None:
        # Only here are models loaded: checks and performers register themselves now.
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415

        from transparency import checks  # noqa: F401, PLC0415
        from transparency.registries import demonstration, job_performers  # noqa: PLC0415
        from transparency.services.check_debian_source import check_debian_source  # noqa: PLC0415
        from transparency.services.check_delivery import check_delivery  # noqa: PLC0415
        from transparency.services.check_git import check_git  # noqa: PLC0415
        from transparency.services.check_sbom import check_sbom  # noqa: PLC0415
        from transparency.services.compare_snapshots import KIND, compare_snapshots  # noqa: PLC0415
        from transparency.services.import_builds import import_builds  # noqa: PLC0415
        from transparency.services.import_debian_source import import_debian_source  # noqa: PLC0415
        from transparency.services.import_git import import_git  # noqa: PLC0415
        from transparency.services.import_snapshot import import_snapshot  # noqa: PLC0415
        from transparency.services.make_demo import make_demo  # noqa: PLC0415
        from transparency.services.reverify_product import reverify_product  # noqa: PLC0415
        from transparency.session_times import stamp_sign_in  # noqa: PLC0415

        job_performers["import-snapshot"] = import_snapshot
        job_performers["check-delivery"] = check_delivery
        job_performers["check-debian"] = check_debian_source
        job_performers["import-debian"] = import_debian_source
        job_performers["check-git"] = check_git
        job_performers["import-git"] = import_git
        job_performers["import-builds"] = import_builds
        job_performers["reverify"] = reverify_product
        job_performers["check-sbom"] = check_sbom
        job_performers[KIND] = compare_snapshots
        demonstration.append(make_demo)
        user_logged_in.connect(stamp_sign_in)
