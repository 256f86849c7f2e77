"""Addresses of what comes in: for machines with a token under `api/v1/`, for people with a browser everywhere else."""

from django.urls import path

from transparency.web import api_deliveries, api_uploads, deliver, deliver_source, tokens, uploads

urlpatterns = [
    path("products/<slug:slug>/-/deliver/", deliver.deliver, name="deliver"),
    path("products/<slug:slug>/-/deliver/debian/", deliver_source.source, name="deliver-source"),
    path("products/<slug:slug>/-/uploads/", uploads.uploads, name="uploads"),
    path("products/<slug:slug>/-/tokens/", tokens.tokens, name="tokens"),
    path("products/<slug:slug>/-/tokens/<int:identity>/revoke/", tokens.revoke, name="token-revoke"),
    path("uploads/<uuid:identity>/", uploads.upload, name="upload"),
    path("uploads/<uuid:identity>/chunks/<int:offset>", uploads.chunk, name="upload-chunk"),
    path("uploads/<uuid:identity>/finish/", uploads.finish, name="upload-finish"),
    path("uploads/<uuid:identity>/discard/", uploads.discard, name="upload-discard"),
    path("jobs/<uuid:identity>/deliver/", deliver.deliver_after_check, name="job-deliver"),
    path("api/v1/products/<slug:slug>/uploads", api_uploads.uploads, name="api-uploads"),
    path("api/v1/products/<slug:slug>/deliveries", api_deliveries.deliveries, name="api-deliveries"),
    path("api/v1/uploads/<uuid:identity>", api_uploads.upload, name="api-upload"),
    path("api/v1/uploads/<uuid:identity>/chunks/<int:offset>", api_uploads.chunk, name="api-chunk"),
    path("api/v1/uploads/<uuid:identity>/finish", api_uploads.finish, name="api-finish"),
    path("api/v1/jobs/<uuid:identity>", api_deliveries.job, name="api-job"),
]
