"""Addresses of what comes in from people with a browser; machines have theirs under `api/v1/`."""

from django.urls import path

from transparency.web import deliver, deliver_git, deliver_source, tokens, uploads

urlpatterns = [
    path("products/<slug:slug>/-/deliver/", deliver.deliver, name="deliver"),
    path("products/<slug:slug>/-/deliver/debian/", deliver_source.source, name="deliver-source"),
    path("products/<slug:slug>/-/deliver/git/", deliver_git.repository, name="deliver-git"),
    path("products/<slug:slug>/-/uploads/", uploads.uploads, name="uploads"),
    path("products/<slug:slug>/-/tokens/", tokens.tokens, name="tokens"),
    path("products/<slug:slug>/-/tokens/<int:identity>/revoke/", tokens.revoke, name="token-revoke"),
    path("uploads/<uuid:identity>/", uploads.upload, name="upload"),
    path("uploads/<uuid:identity>/chunks/<int:offset>", uploads.chunk, name="upload-chunk"),
    path("uploads/<uuid:identity>/finish/", uploads.finish, name="upload-finish"),
    path("uploads/<uuid:identity>/discard/", uploads.discard, name="upload-discard"),
    path("jobs/<uuid:identity>/deliver/", deliver.deliver_after_check, name="job-deliver"),
]
