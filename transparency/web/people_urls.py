"""Addresses of organisations and people, of what they are given and hold, and of what the operator looks after."""

from django.urls import path

from transparency.web import grants, installation, invitations, new_product, organisations, people, person_keys

urlpatterns = [
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/<slug:organisation>/", organisations.organisation, name="organisation"),
    path("organisations/<slug:organisation>/name/", organisations.rename, name="organisation-rename"),
    path("organisations/<slug:organisation>/invitations/", organisations.invite, name="invite"),
    path(
        "organisations/<slug:organisation>/invitations/<int:identity>/withdraw/",
        organisations.withdraw,
        name="invitation-withdraw",
    ),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("people/<str:username>/", people.person, name="person"),
    path("people/<str:username>/close/", people.close, name="account-close"),
    path("people/<str:username>/open/", people.reopen, name="account-open"),
    path("products/<slug:slug>/-/grants/", grants.grants, name="grants"),
    path("products/<slug:slug>/-/grants/give/", grants.give, name="grant-give"),
    path("products/<slug:slug>/-/grants/<int:identity>/end/", grants.end, name="grant-end"),
    path("people/<str:username>/keys/<int:identity>/revoke/", person_keys.revoke, name="person-key-revoke"),
    path("keys/<int:identity>/replace/", person_keys.replace, name="key-replace"),
    path("keys/<int:identity>/revoke/", person_keys.revoke_own, name="key-revoke"),
    # No product's slug begins with a hyphen.
    path("products/-/new/", new_product.new_product, name="product-new"),
    path("centre/settings/", installation.settings_check, name="settings-check"),
]
