import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from probe.agent.throttle import Throttle

BURN = (
    "import sys, time\n"
    "from probe.agent.throttle import Throttle\n"
    "sys.stdin.readline()\n"
    "throttle = Throttle()\n"
    "before, until = throttle.total_ns(), time.monotonic() + 0.6\n"
    "while time.monotonic() < until: pass\n"
    "print(throttle.total_ns() - before)\n"
)


def group(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.stat").write_text(text)


def found(proc: Path, cgroup: str, mountinfo: str) -> int | None:
    (proc / "cgroup").write_text(cgroup)
    (proc / "mountinfo").write_text(mountinfo)
    return Throttle(proc).total_ns()


def test_a_group_of_version_2_and_those_above_it_are_summed(tmp_path: Path) -> None:
    mounted = tmp_path / "sys"
    group(mounted, "usage_usec 7\nuser_usec 5\n")  # the root has no limit and tells of none
    group(mounted / "a.slice", "nr_periods 3\nnr_throttled 1\nthrottled_usec 250\n")
    group(mounted / "a.slice" / "probe.service", "nr_throttled 4\nthrottled_usec 1000\n")
    group(mounted / "a.slice" / "other.service", "throttled_usec 999\n")
    mount = f"29 1 0:26 / {mounted} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
    assert found(tmp_path, "0::/a.slice/probe.service\n", mount) == 1_250_000


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    group(tmp_path / "sys", "throttled_usec 30\n")
    mount = f"29 1 0:26 /docker/f00 {tmp_path / 'sys'} ro - cgroup2 cgroup rw"
    assert found(tmp_path, "0::/docker/f00\n", mount) == 30_000
    assert found(tmp_path, "0::/\n", mount.replace("/docker/f00", "/")) == 30_000
    assert found(tmp_path, "0::/elsewhere\n", mount) == 30_000


def test_a_group_of_version_1_counts_in_nanoseconds(tmp_path: Path) -> None:
    group(tmp_path / "cpu" / "probe", "nr_periods 1\nnr_throttled 1\nthrottled_time 12345\n")
    group(tmp_path / "memory" / "probe", "throttled_time 999\n")
    mounts = (
        f"32 31 0:29 / {tmp_path / 'memory'} rw,relatime - cgroup cgroup rw,memory\n"
        f"33 31 0:30 / {tmp_path / 'cpu'} rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
        f"34 31 0:31 / {tmp_path} rw - ext4 /dev/sda rw\n"
    )
    assert found(tmp_path, "4:memory:/probe\n3:cpuacct,cpu:/probe\n2:name=systemd:/\n0::/\n", mounts) == 12_345


def test_a_limit_that_went_away_is_not_waited_for(tmp_path: Path) -> None:
    group(tmp_path / "sys" / "probe", "throttled_usec 1\n")
    (tmp_path / "cgroup").write_text("0::/probe\n")
    (tmp_path / "mountinfo").write_text(f"29 1 0:26 / {tmp_path / 'sys'} rw - cgroup2 cgroup2 rw\n")
    throttle = Throttle(tmp_path)
    (tmp_path / "sys" / "probe" / "cpu.stat").unlink()
    assert throttle.total_ns() is None


@pytest.mark.parametrize(
    ("cgroup", "mountinfo"),
    [
        ("0::/\n", ""),
        ("", "29 1 0:26 / /nowhere rw - cgroup2 cgroup2 rw"),
        ("0::/\n", "29 1 0:26 / /nowhere rw - cgroup2 cgroup2 rw"),
        ("0::/../../elsewhere\n", "29 1 0:26 / /nowhere rw - cgroup2 cgroup2 rw"),
    ],
)
def test_where_nothing_tells_nothing_is_known(tmp_path: Path, cgroup: str, mountinfo: str) -> None:
    assert found(tmp_path, cgroup, mountinfo) is None


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    assert Throttle(tmp_path / "none").total_ns() is None


@pytest.fixture
def limited() -> Iterator[Path]:
    """A control group of version 1 that may use a twentieth of a processor."""
    folder = Path("/sys/fs/cgroup/cpu") / f"probe-test-{uuid4()}"
    try:
        folder.mkdir()
        (folder / "cpu.cfs_period_us").write_text("100000")
        (folder / "cpu.cfs_quota_us").write_text("5000")
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error.strerror}")
    yield folder
    folder.rmdir()


def test_what_the_kernel_really_holds_back_is_seen(limited: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as burning:
        (limited / "cgroup.procs").write_text(str(burning.pid))
        told, _ = burning.communicate("go\n", timeout=60)
    assert int(told) > 100_000_000, os.uname()
