"""The people and groups of a small Django site, as the documentation of django-scim2 has them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser  # type: ignore[import-untyped]  # ships no types
from django.db import models  # type: ignore[import-untyped]
from django.utils.timezone import now  # type: ignore[import-untyped]
from django_scim.models import (  # type: ignore[import-untyped]
    AbstractSCIMGroupMixin,
    AbstractSCIMUserMixin,
)


class Group(AbstractSCIMGroupMixin):  # type: ignore[misc]
    name = models.CharField(max_length=150, unique=True)


class User(AbstractSCIMUserMixin, AbstractBaseUser):  # type: ignore[misc]
    USERNAME_FIELD = "username"

    username = models.CharField(max_length=150, unique=True)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    email = models.CharField(max_length=254)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=now)
    scim_groups = models.ManyToManyField(Group, related_name="user_set")
