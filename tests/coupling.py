"""How the packages of the bridge lean on each other, counted from their imports.

`python -m tests.coupling` writes the table into CONTRIBUTING.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import grimp

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
ROOTS = ("bridge", "service", "workers", "sandbox")
HEAD = ("package", "modules", "imported by", "imports")
_TABLE = re.compile(rf"^\| {re.escape(' | '.join(HEAD))} \|\n(?:\|.*\n)+", re.MULTILINE)


def table() -> str:
    """A row for each package: its modules, those of others that import it, and those of others it imports."""
    graph = grimp.build_graph(*ROOTS, cache_dir=None)
    package = {module: _package(module, graph) for module in graph.modules}
    imports = [
        (module, imported)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if package[module] != package[imported]
    ]
    rows = [HEAD, ("---", "---:", "---:", "---:")]
    for name in sorted(set(package.values()), key=lambda one: (ROOTS.index(one.split(".")[0]), one)):
        size = sum(name == package[module] for module in graph.modules)
        fan_in = {module for module, imported in imports if package[imported] == name}
        fan_out = {imported for module, imported in imports if package[module] == name}
        if fan_in or fan_out:
            rows.append((name, str(size), str(len(fan_in)), str(len(fan_out))))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _package(module: str, graph: grimp.ImportGraph) -> str:
    """The package of the layout that a module belongs to: of two names at most."""
    first_two = ".".join(module.split(".")[:2])
    return first_two if graph.find_children(first_two) else module.split(".")[0]


def written() -> str:
    """The table that the page has."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found, f"{PAGE.name} has lost its table with the columns {', '.join(HEAD)}"
    return found[0]


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text(encoding="utf-8").replace(written(), table()), encoding="utf-8")
