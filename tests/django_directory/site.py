"""What the site serves, and to whom."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings  # type: ignore[import-untyped]  # ships no types
from django.http import HttpRequest, HttpResponse  # type: ignore[import-untyped]
from django.urls import include, path  # type: ignore[import-untyped]

from tests.django_directory.models import User

urlpatterns = [path("v2/", include("django_scim.urls"))]


def signed_in(serve: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: whoever brings the token is somebody; django-scim2 refuses all others."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.headers.get("Authorization") == f"Bearer {settings.SCIM_TOKEN}":
            request.user = User()
        return serve(request)

    return middleware
