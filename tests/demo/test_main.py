import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from probe.demo.__main__ import main

# Without the environment's PYTHONUNBUFFERED, which would hide that a line was not flushed.
COMMAND = [sys.executable, "-E", "-m", "probe.demo", "--port", "0"]


@contextmanager
def _process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_it_says_where_it_is_and_is_there() -> None:
    with _process("--faults", '{"status": 202}') as (_, ready), urlopen(ready["url"], timeout=30) as page:
        assert (page.status, ready["https_url"], ready["ca_file"]) == (202, None, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(number: signal.Signals) -> None:
    with _process() as (process, _):
        process.send_signal(number)
        assert (*process.communicate(timeout=30), process.returncode) == ("", "", 0)


def test_it_ends_with_its_standard_input_if_told_to() -> None:
    with _process("--stop-with-stdin") as (process, _):
        assert process.poll() is None
        assert (*process.communicate(timeout=30), process.returncode) == ("", "", 0)


def test_a_signal_stops_it_while_its_standard_input_is_still_open() -> None:
    with _process("--stop-with-stdin") as (process, _):
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_https_comes_with_a_file_to_trust(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with _process("--https-port", "0", "--ca-file", str(ca_file)) as (_, ready):
        assert ready["https_url"].startswith("https://localhost:")
        assert ready["ca_file"] == str(ca_file)
        assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_every_region_has_a_port_of_its_own(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    regions = ("--distance", "near=1ms", "--distance", "slow=1ms,tls=10ms")
    with _process("--https-port", "0", "--ca-file", str(ca_file), *regions) as (_, ready):
        trust = ssl.create_default_context(cafile=ca_file)
        statuses = {
            region: urlopen(f"{url}/healthz", timeout=30, context=trust).status
            for region, url in ready["distances"].items()
        }
    assert statuses == {"near": 200, "slow": 200}
    assert len({ready["https_url"], *ready["distances"].values()}) == 3


def test_a_person_at_a_terminal_is_told_too() -> None:
    terminal, stderr = os.openpty()
    with subprocess.Popen(COMMAND, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True) as shop:
        assert shop.stdout is not None
        url = json.loads(shop.stdout.readline())["url"]
        told = os.read(terminal, 4096).decode()
        shop.send_signal(signal.SIGINT)
    os.close(stderr)
    os.close(terminal)
    assert (told, shop.returncode) == (f"The demo shop is open at {url}. Ctrl-C closes it.\r\n", 0)


def test_a_port_in_use_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status = main(["--port", str(taken.getsockname()[1])])
    printed = capsys.readouterr()
    assert (status, printed.out, printed.err.count("\n")) == (2, "", 1)
    assert "Address already in use" in printed.err


def test_a_file_that_cannot_be_written_is_one_clear_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ca_file = tmp_path / "nowhere" / "ca.pem"
    status = main(["--port", "0", "--https-port", "0", "--distance", "far=9ms", "--ca-file", str(ca_file)])
    message = f"probe.demo: [Errno 2] No such file or directory: '{ca_file}'\n"
    assert (status, *capsys.readouterr()) == (2, "", message)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--faults", '{"truncat": true}'], "truncat: no such fault; did you mean truncate?"),
        (["--faults", "{"], "Expecting property name"),
        (["--port", "65536"], "expected a port from 0 to 65535, got '65536'"),
        (["--ca-file", "x.pem"], "--ca-file needs --https-port"),
        (["--distance", "far=9ms"], "--distance needs --https-port"),
        (["--distance", "far"], "expected REGION=9ms or REGION=9ms,tls=150ms,after=30s, got 'far'"),
    ],
)
def test_a_wrong_argument_is_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert (ended.value.code, complaint in capsys.readouterr().err) == (2, True)
