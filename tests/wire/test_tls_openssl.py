"""What a server may do to TLS after its handshake, done by OpenSSL's own, which takes commands."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme

from tests.programs import require_program
from tests.wire.dialling import Told, dial_tls


class Speaker:
    """`openssl s_server`: what comes is printed, what it is given is sent, but lines of one letter are commands."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    async def give(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def prints(self, word: str) -> str:
        """The line that has the word in it."""
        assert self._process.stdout
        async with asyncio.timeout(30):
            while word.encode() not in (line := await self._process.stdout.readline()):
                assert line, f"openssl ended before it printed {word}"
        return line.decode()


@asynccontextmanager
async def speaking(folder: Path, authority: trustme.CA, version: str) -> AsyncIterator[Speaker]:
    identity = folder / "identity.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(identity))
    process = await asyncio.create_subprocess_exec(
        require_program("openssl"),
        *("s_server", "-accept", "127.0.0.1:0", "-cert", str(identity), "-cert_chain", str(identity), f"-{version}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    speaker = Speaker(process, 0)
    try:
        speaker.port = int((await speaker.prints("ACCEPT")).rpartition(":")[2])
        yield speaker
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.mark.parametrize(
    ("version", "command"),
    [("tls1_3", "k"), ("tls1_3", "K"), ("tls1_2", "r")],
    ids=["new key", "new keys on both sides", "renegotiation"],
)
async def test_talk_goes_on_under_new_keys(
    tmp_path: Path, authority: trustme.CA, trust: ssl.SSLContext, version: str, command: str
) -> None:
    async with speaking(tmp_path, authority, version) as server:
        told = Told()
        transport = await dial_tls(server.port, told, trust)
        transport.write(b"before\n")
        await server.prints("before")
        await server.give(command)
        await _until_came(told, server)
        transport.write(b"and back\n")
        await server.prints("and back")
        transport.close()
        await told.until("lost")
    assert (set(bytes(told.data).splitlines()), told.error) == ({b"after"}, None)


async def _until_came(told: Told, server: Speaker) -> None:
    """OpenSSL takes for the command's what it reads together with it."""
    async with asyncio.timeout(30):
        while not told.data.endswith(b"\n"):
            await server.give("after")
            await asyncio.sleep(0.05)
