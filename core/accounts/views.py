"""Sign-in, sign-out and passwords: allauth's views, each with its declared policy."""

from allauth.account import views as allauth_views
from allauth.account.forms import UserTokenForm
from allauth.decorators import rate_limit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from core.web import access


@method_decorator([never_cache, rate_limit(action="reset_password_from_key")], name="dispatch")
class ChoosePassword(allauth_views.PasswordResetFromKeyView):
    """Sets a new password from an emailed link.

    allauth stores the key in the session when the link is opened. Here GET changes nothing: the form is at the link
    itself, which is never sent as a referrer (`access.personal_link`).
    """

    success_url = reverse_lazy("account_reset_password_from_key_done")

    def dispatch(self, request: HttpRequest, uidb36: str, key: str, **kwargs: object) -> HttpResponseBase:
        self.request = request
        self.key = key
        token = UserTokenForm(data={"uidb36": uidb36, "key": key})
        if token.is_valid():
            self.reset_user = token.reset_user
            # The parent's dispatch redirects through the session.
            return super(allauth_views.PasswordResetFromKeyView, self).dispatch(
                request, uidb36, key, **kwargs
            )
        self.reset_user = None
        return self.render_to_response(self.get_context_data(token_fail=True))


class ChangePassword(allauth_views.PasswordChangeView):
    success_url = reverse_lazy("account_change_password")

    def form_valid(self, form: object) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        messages.success(self.request, _("Password changed. Use the new one from now on."))
        return response


sign_in = access.public(allauth_views.login)
sign_out = access.signed_in(allauth_views.logout)
inactive = access.public(allauth_views.account_inactive)
change_password = access.signed_in(ChangePassword.as_view())
reset_password = access.public(allauth_views.password_reset)
reset_password_done = access.public(allauth_views.password_reset_done)
reset_password_from_key = access.personal_link(ChoosePassword.as_view())
reset_password_from_key_done = access.public(allauth_views.password_reset_from_key_done)
