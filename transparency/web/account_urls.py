"""Addresses of signing in and of one's account: these and no others. Everything else that allauth could do does not exist here.

Its own names follow where its code looks addresses up by them; whoever asks for such an address meets the same view.
"""

from django.urls import path

from transparency.web import account, confirm, passkeys, sign_in

urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/passkey/", sign_in.SignInByPasskey.as_view(), name="sign-in-passkey"),
    path("sign-in/second-step/", sign_in.SecondStep.as_view(), name="second-step"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.ChangePassword.as_view(), name="change-password"),
    path("account/confirm/", confirm.Confirm.as_view(), name="confirm"),
    path("account/confirm/code/", confirm.ConfirmByCode.as_view(), name="confirm-code"),
    path("account/confirm/passkey/", confirm.ConfirmByPasskey.as_view(), name="confirm-passkey"),
    path("account/passkeys/add/", passkeys.AddPasskey.as_view(), name="passkey-add"),
    path("account/passkeys/<int:identity>/rename/", passkeys.RenamePasskey.as_view(), name="passkey-rename"),
    path("account/passkeys/<int:identity>/remove/", passkeys.RemovePasskey.as_view(), name="passkey-remove"),
    path("account/recovery-codes/", passkeys.RecoveryCodes.as_view(), name="recovery-codes"),
    path("account/recovery-codes/make/", passkeys.MakeRecoveryCodes.as_view(), name="recovery-codes-make"),
    path("account/sessions/<int:identity>/end/", account.end_session, name="session-end"),
    path("account/sessions/end-others/", account.end_others, name="sessions-end-others"),
    # allauth's names
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/second-step/", sign_in.SecondStep.as_view(), name="mfa_authenticate"),
    path("account/", account.account, name="mfa_index"),
    path("account/confirm/", confirm.Confirm.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", confirm.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", confirm.ConfirmByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
]
