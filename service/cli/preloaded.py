"""All that a company's process needs, imported once by the process from which all of them are forked."""

from __future__ import annotations

import gc
from contextlib import suppress

from bridge.errors import BridgeError
from service.cli import several  # noqa: F401 - importing is all that happens here
from service.web.api import serving  # noqa: F401 - as above: it is loaded where it is used
from service.web.pages import site  # noqa: F401 - as above
from workers.targets import kinds, load

for _kind in kinds():
    with suppress(BridgeError, ImportError):  # its extra is not installed: who configures it is told
        load(_kind)

gc.collect()
gc.freeze()  # a collection that went through these objects would copy the pages that all share
