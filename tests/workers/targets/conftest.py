"""Lets failed assertions of the shared suites show their values."""

import pytest

for _name in ("contract", "fault_contract", "team_contract", "rig"):
    pytest.register_assert_rewrite(f"tests.workers.targets.{_name}")
