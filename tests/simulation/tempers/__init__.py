"""Kinds of directories that the simulation plays with: each shows what is peculiar to a kind of target."""

from __future__ import annotations

from tests.simulation.adapter import adapter
from tests.simulation.directory import Directory
from tests.simulation.tempers import entra, file, google, ldap, provisioning, rest, webhook
from tests.simulation.tempers.temper import Temper

TEMPERS = {
    "scim": Temper(Directory, adapter()),
    "google": google.TEMPER,
    "entra": entra.TEMPER,
    "rest": rest.TEMPER,
    "ldap": ldap.TEMPER,
    "provisioning": provisioning.TEMPER,
    "webhook": webhook.TEMPER,
    "file": file.TEMPER,
}
