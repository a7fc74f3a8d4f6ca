"""Everything that the bridge remembers, in Redis. No other package names a key of ours.

`Records` is what Kenjo says (written by the poller that holds the lease); `Ledger` is what one target has
been given (written by the worker that holds the record's lock).
"""

from bridge.store.audit import Audit
from bridge.store.claims import Claim
from bridge.store.continuity import Continuity
from bridge.store.forgotten import Forgotten
from bridge.store.gate import Gate, Survey
from bridge.store.holds import Hold, Holds
from bridge.store.keys import Keys
from bridge.store.ledger import Ledger
from bridge.store.records import Lease, Records
from bridge.store.whose import Whose

__all__ = [
    "Audit",
    "Claim",
    "Continuity",
    "Forgotten",
    "Gate",
    "Hold",
    "Holds",
    "Keys",
    "Lease",
    "Ledger",
    "Records",
    "Survey",
    "Whose",
]
