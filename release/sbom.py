"""The parts of the image's Python environment as a CycloneDX 1.6 document (ECMA-424): `make sbom`.

It is the same, byte by byte, for the same lock file and version: its serial number comes from what it lists,
and it bears no time unless SOURCE_DATE_EPOCH gives one.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release.locked import IMAGE, LOCK, Package, asked, packages
from release.version import version


def document() -> str:
    """The document as JSON, valid by the schema of CycloneDX 1.6.

    Raises SystemExit where it would not be valid.
    """
    found = packages()
    project = _component(Package("kenjo-bridge", version(), "Apache-2.0", ()), ComponentType.APPLICATION)
    parts = {package.name: _component(package, ComponentType.LIBRARY) for package in found}
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, " ".join(str(p.purl) for p in [project, *parts.values()])))
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    # The schema asks for no time, and the library's annotation for one.
    bom.metadata.timestamp = datetime.fromtimestamp(int(epoch), UTC) if epoch else None  # type: ignore[assignment]
    bom.metadata.component = project
    bom.metadata.properties.add(Property(name="kenjo-bridge:lock", value=LOCK.name))
    bom.metadata.properties.add(Property(name="kenjo-bridge:python", value=IMAGE["python_version"]))
    bom.components.update(parts.values())
    bom.register_dependency(project, [parts[name] for name in asked() if name in parts])
    for package in found:
        bom.register_dependency(parts[package.name], [parts[name] for name in package.needs])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise SystemExit(f"the list of parts is not valid: {wrong}")
    return text


def _component(package: Package, kind: ComponentType) -> Component:
    purl = PackageURL("pypi", None, package.name, package.version)
    return Component(
        type=kind,
        name=package.name,
        version=package.version,
        purl=purl,
        bom_ref=str(purl),
        licenses=[LicenseExpression(package.licence)],
    )


if __name__ == "__main__":
    sys.stdout.write(document() + "\n")
