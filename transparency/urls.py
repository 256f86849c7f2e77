"""Addresses of both apps. The upper one's are included by name, so that nothing here imports it."""

from django.urls import include, path

from transparency.web import (
    anchors,
    deliveries,
    delivery_actions,
    health,
    jobs,
    keys,
    log,
    log_files,
    products,
    quarantine,
    sboms,
    vendor_keys,
)

handler400 = "transparency.web.errors.bad_request"
handler429 = "transparency.web.errors.too_many"
handler500 = "transparency.web.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("log/", log.log, name="log"),
    path("log/checkpoint", log_files.checkpoint, name="log-checkpoint"),
    path("log/checkpoint/", log.checkpoint_page, name="log-checkpoint-page"),
    path("log/monitor/", log.monitor, name="log-monitor"),
    path("log/monitor/watch_log.py", log.watch_program, name="log-watch-program"),
    path("log/tile/<path:path>", log_files.tile, name="log-tile"),
    path("log/entry/<int:index>/", log.entry, name="log-entry"),
    path("log/entry/<int:index>/leaf.json", log_files.leaf_file, name="log-leaf"),
    path("log/entry/<int:index>/proof.tlog-proof", log_files.proof_file, name="log-proof"),
    path("products/<slug:slug>/", products.product, name="product"),
    # No version begins with a hyphen, so nothing below `-/` is ever a release.
    path("products/<slug:slug>/-/keys/", anchors.anchors, name="anchors"),
    path("products/<slug:slug>/-/keys/<int:identity>/", anchors.public_key, name="anchor-public"),
    path("products/<slug:slug>/-/keys/<int:identity>/replace/", anchors.rotate, name="anchor-rotate"),
    path("products/<slug:slug>/-/keys/<int:identity>/revoke/", anchors.revoke, name="anchor-revoke"),
    path("products/<slug:slug>/-/check-again/", delivery_actions.check_product_again, name="reverify"),
    path("vendors/<slug:slug>/keys/", vendor_keys.vendor_keys, name="vendor-keys"),
    path("vendors/<slug:slug>/keys/<int:identity>/", vendor_keys.vendor_key_text, name="vendor-key-text"),
    path("vendors/<slug:slug>/keys/<int:identity>/revoke/", vendor_keys.vendor_key_revoke, name="vendor-key-revoke"),
    path("deliveries/<int:identity>/", deliveries.delivery, name="delivery"),
    path("deliveries/<int:identity>/members/<slug:rule>/", deliveries.members, name="delivery-members"),
    path("deliveries/<int:identity>/signatures/<int:position>", deliveries.signature_file, name="signature-file"),
    path("deliveries/<int:identity>/cover", deliveries.cover_file, name="cover-file"),
    path("deliveries/<int:identity>/withdraw/", delivery_actions.withdraw, name="delivery-withdraw"),
    path("deliveries/<int:identity>/admit/", delivery_actions.admit, name="delivery-admit"),
    path("deliveries/<int:identity>/check-again/", delivery_actions.check_again, name="delivery-check-again"),
    path("builds/<int:identity>/", deliveries.builds, name="builds"),
    path("products/<slug:slug>/-/sbom/<str:version>/", sboms.add, name="sbom-add"),
    path("sboms/<int:identity>/", sboms.sbom, name="sbom"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<uuid:identity>/", jobs.job, name="job"),
    path("jobs/<uuid:identity>/progress.json", jobs.progress, name="job-progress"),
    path("jobs/<uuid:identity>/cancel/", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:identity>/retry/", jobs.retry, name="job-retry"),
    path("keys/", keys.keys, name="keys"),
    path("", include("transparency.web.people_urls")),
    path("", include("transparency.web.account_urls")),
    path("api/", include("transparency.web.api_urls")),
    path("", include("transparency.web.upload_urls")),
    path("", include("reviews.web.urls")),
]
