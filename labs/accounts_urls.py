"""Addresses of sign-in. Only what is needed of allauth is mounted: no sign-up, no list of e-mail addresses."""

from django.urls import path, re_path

from labs.views import accounts

urlpatterns = [
    path("login/", accounts.sign_in, name="account_login"),
    path("logout/", accounts.sign_out, name="account_logout"),
    path("inactive/", accounts.inactive, name="account_inactive"),
    path("password/change/", accounts.change_password, name="account_change_password"),
    path("password/reset/", accounts.forgotten, name="account_reset_password"),
    path("password/reset/done/", accounts.forgotten_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,100})/$",
        accounts.choose_password,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", accounts.password_chosen, name="account_reset_password_from_key_done"),
]
