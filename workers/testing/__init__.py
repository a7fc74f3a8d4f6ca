"""What every kind of target has to do, as tests for pytest that a kind's own tests subclass.

Other distributions use it too: `contract` and `team_contract` are the suites, `rig` is what they need to know
of a kind, `proxy` is a line to a server that can fail. Nothing that runs imports any of it.
"""

import pytest

for _name in ("contract", "http_contract", "permit_contract", "team_contract", "rig"):
    pytest.register_assert_rewrite(f"{__name__}.{_name}")  # failed assertions show their values
