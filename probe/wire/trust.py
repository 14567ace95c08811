"""TLS contexts. Making one takes 16 to 22 ms, so there is one for each distinct setting, shared by all runs."""

import ssl
import stat
from functools import lru_cache
from pathlib import Path

from probe.wire.route import SYSTEM_TLS, Tls

LARGEST_FILE = 8 * 2**20
"""All public authorities together are a quarter of a megabyte."""

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_PEM = "a PEM file has BEGIN CERTIFICATE in it, or BEGIN PRIVATE KEY"
_Seen = tuple[int, int, int]
"""What changes when a file is written anew."""


class UnusableFileError(Exception):
    """A certificate or key that is not there, or is none. `path` says which file it is."""

    def __init__(self, path: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint


def context_of(tls: Tls, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    """The context of a setting. A file that was written anew is read anew: certificates are renewed under an agent."""
    return _context(tls, tuple(look_at(path) for path in (tls.ca, tls.certificate, tls.key) if path), alpn)


def server_trust(tls: Tls) -> "ssl.SSLContext | bool":
    """What aiohttp is told; True is its own context, which trusts what the system trusts."""
    return True if tls == SYSTEM_TLS else context_of(tls)


@lru_cache(maxsize=64)
def _context(tls: Tls, seen: tuple[_Seen, ...], alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if tls.insecure else _verifying(tls)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    context.minimum_version = _VERSIONS[tls.minimum or "1.2"]
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate:
        _show(context, tls)
    return context


def _verifying(tls: Tls) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=tls.ca or None)
    except ssl.SSLError:
        raise UnusableFileError(tls.ca, f"there is no certificate in {tls.ca}", _PEM) from None


def _show(context: ssl.SSLContext, tls: Tls) -> None:
    """Loads what is shown to servers. A key that wants a password is refused: ssl would ask at the terminal for it."""
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_refuse)
    except _EncryptedError:
        hint = "openssl pkey -in KEY -out PLAIN takes that off"
        raise UnusableFileError(tls.key, f"the key {tls.key} is encrypted", hint) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UnusableFileError(tls.key, f"the key {tls.key} is not that of the certificate") from None
        if b"BEGIN CERTIFICATE" not in Path(tls.certificate).read_bytes():
            message = f"there is no certificate in {tls.certificate}"
            raise UnusableFileError(tls.certificate, message, _PEM) from None
        raise UnusableFileError(tls.key, f"there is no key in {tls.key} that can be read", _PEM) from None


class _EncryptedError(Exception):
    pass


def _refuse() -> str:
    raise _EncryptedError


def look_at(path: str) -> _Seen:
    """UnusableFileError when it cannot be read."""
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):
            raise UnusableFileError(path, "expected a file, got a folder, a pipe or a device")
        if about.st_size > LARGEST_FILE:
            raise UnusableFileError(
                path, f"{path} is larger than {LARGEST_FILE // 2**20} MiB", "name certificates only"
            )
        with Path(path).open("rb"):
            pass
    except FileNotFoundError:
        hint = "a relative path starts at the folder of the file it is written in"
        raise UnusableFileError(path, f"there is no file {path}", hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnusableFileError(path, f"{path} cannot be read: {reason.lower()}") from None
    return about.st_mtime_ns, about.st_size, about.st_ino
