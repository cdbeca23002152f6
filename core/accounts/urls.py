"""URLs of sign-in and of one's own account."""

from django.urls import path, re_path

from core.accounts import account_views, openid_views, security_views, views
from core.accounts.openid_connect import CALLBACK

urlpatterns = [
    path("", account_views.account, name="account"),
    path("email/", account_views.change_email, name="account_change_email"),
    path("email/<str:token>/", account_views.confirm_email, name="account_email_confirm"),
    # Names of allauth's, which leads to them.
    path("two-step/", security_views.two_step, name="mfa_authenticate"),
    path("confirm/", security_views.confirm, name="account_reauthenticate"),
    path("security/", security_views.security, name="mfa_index"),
    path("security/app/", security_views.add_app, name="mfa_activate_totp"),
    path("security/passkey/", security_views.add_passkey, name="mfa_add_webauthn"),
    path("security/codes/", security_views.recovery_codes, name="mfa_view_recovery_codes"),
    path("sso/", openid_views.start, name="account_sso"),
    path("sso/callback/", openid_views.callback, name=CALLBACK),
    path("sso/connect/", openid_views.connect, name="account_sso_connect"),
    path("sso/disconnect/", openid_views.disconnect, name="account_sso_disconnect"),
    path("passkeys/options/", security_views.passkey_options, name="account_passkey_options"),
    path("passkeys/sign-in/", security_views.sign_in_with_passkey, name="mfa_login_webauthn"),
    path("login/", views.sign_in, name="account_login"),
    path("logout/", views.sign_out, name="account_logout"),
    path("inactive/", views.inactive, name="account_inactive"),
    path("password/change/", views.change_password, name="account_change_password"),
    path("password/reset/", views.reset_password, name="account_reset_password"),
    path("password/reset/done/", views.reset_password_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,100})/$",
        views.reset_password_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.reset_password_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
