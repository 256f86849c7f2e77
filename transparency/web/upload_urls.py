"""Addresses of what comes in: for machines with a token under `api/v1/`, for people with a browser everywhere else."""

from django.urls import path

from transparency.web import api_deliveries, api_uploads

urlpatterns = [
    path("api/v1/products/<slug:slug>/uploads", api_uploads.uploads, name="api-uploads"),
    path("api/v1/products/<slug:slug>/deliveries", api_deliveries.deliveries, name="api-deliveries"),
    path("api/v1/uploads/<uuid:identity>", api_uploads.upload, name="api-upload"),
    path("api/v1/uploads/<uuid:identity>/chunks/<int:offset>", api_uploads.chunk, name="api-chunk"),
    path("api/v1/uploads/<uuid:identity>/finish", api_uploads.finish, name="api-finish"),
    path("api/v1/jobs/<uuid:identity>", api_deliveries.job, name="api-job"),
]
