"""The wheel and the source distribution, the same byte by byte wherever and whenever they are built.

`python -m release.build FOLDER` builds what is committed, not what lies around. The time in the archives is
SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), by default that of the commit.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_EARLIEST = 315_532_800  # 1980-01-01, the earliest time that a zip archive, and so a wheel, can bear
# setuptools has the arguments of the process for itself while it builds.
_BUILD = "import sys; from setuptools.build_meta import *; to = sys.argv[1]; build_wheel(to); build_sdist(to)"


def build(folder: Path, root: Path = ROOT) -> list[Path]:
    """Build the last commit of a repository into a folder, and return what was built.

    Raises CalledProcessError where git or setuptools, which is that of this environment, fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    epoch = max(
        _EARLIEST, int(os.environ.get("SOURCE_DATE_EPOCH") or _git(root, "log", "-1", "--format=%ct"))
    )
    with tempfile.TemporaryDirectory() as temporary:
        source, made = Path(temporary, "source"), Path(temporary, "made")
        made.mkdir()
        with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", "HEAD"))) as archive:
            archive.extractall(source, filter="data")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0"}
        command = [sys.executable, "-c", _BUILD, str(made)]
        subprocess.run(  # noqa: S603 - setuptools, on what is committed
            command, cwd=source, env=environment, umask=0o022, check=True, stdout=subprocess.DEVNULL
        )
        for path in made.glob("*.tar.gz"):
            path.write_bytes(_settled(path, epoch))
        return [Path(shutil.move(path, folder / path.name)) for path in sorted(made.iterdir())]


def _settled(path: Path, epoch: int) -> bytes:
    """A source distribution without what depends on the machine: order, times, owners and modes."""
    plain, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda one: one.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isreg() else None)
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=epoch) as compressed:
        compressed.write(plain.getvalue())
    return packed.getvalue()


def _git(root: Path, *arguments: str) -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True).stdout  # noqa: S603


if __name__ == "__main__":
    for built in build(Path(sys.argv[1] if sys.argv[1:] else "dist")):
        sys.stdout.write(f"{built}\n")
