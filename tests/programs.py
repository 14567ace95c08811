"""Programs from outside that some tests need; `.ci/programs` installs them where it can."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def require_program(name: str) -> Path:
    """Where the program is. Without it the test is skipped; in CI, which is to have all of them, it fails."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        cannot(f"{name} is not installed; as root on Debian, make programs installs it")
    return Path(found)


def cannot(reason: str) -> NoReturn:
    """Skips the test for a reason of this machine's, which in CI is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
