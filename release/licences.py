"""Under which licences the image's packages stand: `python -m release.licences` writes docs/licences.md."""

from __future__ import annotations

import re

from release.locked import ROOT, packages

PAGE = ROOT / "docs" / "licences.md"
_COPYLEFT = re.compile(r"\b(?:AGPL|CDDL|EPL|EUPL|GPL|LGPL|MPL|OSL)-\d")
# What a copyleft licence asks of whoever passes the image on; using it asks nothing.
_MEANS = {
    "asyncssh": "used under EPL-2.0; its source is what is installed. Needed by `file` (SFTP)",
    "certifi": "its source is what is installed: a list of certificates",
    "ldap3": "a package of its own that can be replaced, as the licence asks; its source is what is"
    " installed. Needed by `ldap`",
    "orjson": "compiled; parts of its source, which PyPI has beside the package, are under MPL-2.0",
}
_HEAD = """# Licences

The bridge itself stands under [Apache-2.0](https://www.apache.org/licenses/LICENSE-2.0). The image
installs {count} Python packages, of which {copyleft} have a copyleft licence; the packages of the base image
have their own. `make licences` writes this page from `requirements.lock` and what the packages declare. It is
a list, not legal advice.

## Copyleft

Whoever runs the image owes nothing for these. Whoever passes it on keeps the licence files, which are in the
image beside each package, says where the source is, and gives the source of what was changed in these
packages under the same licence.

| package | licence | what that means |
| --- | --- | --- |
"""


def page() -> str:
    """The page; raises SystemExit where a package has a copyleft licence of which nothing is said here."""
    found = packages()
    copyleft = [package for package in found if _COPYLEFT.search(package.licence)]
    unsaid = [package.name for package in copyleft if package.name not in _MEANS]
    if unsaid:
        raise SystemExit(
            f"copyleft licences of which {__file__} does not say what they mean: {', '.join(unsaid)}"
        )
    lines = [f"| {one.name} {one.version} | {one.licence} | {_MEANS[one.name]} |\n" for one in copyleft]
    lines += ["\n## All packages\n\n| package | version | licence |\n| --- | --- | --- |\n"]
    lines += [f"| {one.name} | {one.version} | {one.licence} |\n" for one in found]
    return _HEAD.format(count=len(found), copyleft=len(copyleft)) + "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
