"""Sign-in, sign-out and passwords as django-allauth has them, but for the page on which one changes one's own address
and for a mail server that is down.

Who signs in by which address is the administrator's business; allauth's page would let anybody add addresses, and
make one of them theirs. Its name stays, because allauth itself links to it.
"""

from __future__ import annotations

from allauth.account.urls import urlpatterns as allauth_urls
from django.urls import path
from django.views.generic import RedirectView

from people.account_views import ResetPassword

OWN = {"account_email", "account_reset_password"}

urlpatterns = [
    path("email/", RedirectView.as_view(pattern_name="profile"), name="account_email"),
    path("password/reset/", ResetPassword.as_view(), name="account_reset_password"),
    *(each for each in allauth_urls if each.name not in OWN),
]
