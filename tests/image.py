"""The project's image, built on a base that debootstrap makes, run by hand: as PID 1, as nobody, its root read-only.

A container engine would do, but needs more than is there on many a machine; what is tested is the same.
"""

import ast
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec
from msgspec import Struct

from tests.cli.process import ROOT
from tests.programs import cannot, require_program

_AS_PID_1 = """
set -e
root=$1 state=$2 user=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$state" "$root/var/lib/probe"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" env -i "$@"
"""


class Image(Struct, frozen=True):
    root: Path
    settings: dict[str, Any]
    """As the image says them: User, Env, Entrypoint, Volumes."""

    def start(self, state: Path, *arguments: str) -> subprocess.Popen[str]:
        """The image's program in a PID namespace where it is number 1; `state` is its volume."""
        user = self.settings["User"]
        os.chown(state, *map(int, user.split(":")))
        program = [*self.settings["Env"], *self.settings["Entrypoint"], *arguments]
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _AS_PID_1, "sh"]
        return subprocess.Popen(
            [*enter, str(self.root), str(state), user, *program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def built_image() -> Iterator[Image]:
    """Built anew from the working tree, with the package index that pip uses on this machine."""
    if os.geteuid() != 0:
        cannot("only root can build an image here")
    buildah, base = require_program("buildah"), _base()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build: list[str | Path] = [
            buildah,
            f"--root={folder / 'store'}",
            f"--runroot={folder / 'run'}",
            "--storage-driver=vfs",
        ]
        (folder / "Base").write_text(f"FROM scratch\nADD {base.name} /\n")
        _run(*build, "bud", "--tag=base", f"--file={folder / 'Base'}", base.parent)
        with_base = ["--isolation=chroot", "--build-arg=BASE_IMAGE=localhost/base", *_with_index(folder)]
        _run(*build, "bud", "--tag=probe", *with_base, ROOT)
        told = msgspec.json.decode(_run(*build, "inspect", "--type=image", "probe"))
        yield Image(Path(_run(*build, "mount", _run(*build, "from", "probe"))), told["OCIv1"]["config"])


def _base() -> Path:
    """This machine's own Debian with Python and nothing else, as an archive; made once and kept."""
    debootstrap, codename = require_program("debootstrap"), platform.freedesktop_os_release().get("VERSION_CODENAME")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "probe-tests"
    archive = cache / f"{codename}-python.tar"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as temporary:
            root, made = Path(temporary, "root"), Path(temporary, "made.tar")
            what = ["--variant=minbase", "--include=python3,python3-venv", f"{codename}"]
            _run(debootstrap, *what, root, _mirror(f"{codename}"))
            _run("tar", "--create", f"--file={made}", f"--directory={root}", "--exclude=./dev/*", ".")
            made.replace(archive)
    return archive


def _mirror(codename: str) -> str:
    """Where apt gets this release from."""
    listed = _run("apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages")
    mirrors = [line.split(maxsplit=2)[2] for line in listed.splitlines() if line.startswith(f"{codename} main ")]
    if not mirrors:
        cannot(f"apt has no source of {codename} main to make a base image from")
    return mirrors[0]


def _with_index(folder: Path) -> Iterator[str]:
    """Gives pip in the build the settings it has here, and what of this machine they name."""
    settings = ConfigParser(interpolation=None)
    listed = _run(sys.executable, "-m", "pip", "config", "list").splitlines()
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):  # the environment has the last word
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        settings.read_dict({section.replace(":env:", "global"): {key: ast.literal_eval(value)}})
    with (folder / "pip.conf").open("w") as file:
        settings.write(file)
    yield f"--secret=id=pip.conf,src={folder / 'pip.conf'}"
    words = {word for section in settings.values() for value in section.values() for word in value.split()}
    yield from (f"--volume={path}:{path}:ro" for path in sorted(set(_paths(words))))


def _paths(words: Iterable[str]) -> Iterator[Path]:
    for word in words:
        if word.startswith("file:"):
            yield Path(url2pathname(urlsplit(word).path)).parent  # the files of a package index lie beside it
        elif word.startswith("/") and Path(word).exists():
            yield Path(word)


def _run(*command: str | Path) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    return ended.stdout.strip()
