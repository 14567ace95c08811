import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from probe.wire.route import SYSTEM_TLS, Tls
from probe.wire.trust import LARGEST_FILE, UnusableFileError, context_of, server_trust
from tests.wire.certificates import encrypt, write_authority, write_identity

PEM = "a PEM file has BEGIN CERTIFICATE in it, or BEGIN PRIVATE KEY"


def test_one_setting_has_one_context(authority: trustme.CA, tmp_path: Path) -> None:
    ca = write_authority(authority, tmp_path)
    first, second, other = (context_of(tls) for tls in (Tls(str(ca)), Tls(str(ca)), Tls(str(ca), minimum="1.3")))
    assert first is second
    assert first is not other


def test_a_file_that_is_renewed_is_read_anew(authority: trustme.CA, tmp_path: Path) -> None:
    certificate, key = write_identity(authority, tmp_path)
    tls = Tls(certificate=str(certificate), key=str(key))
    before = context_of(tls)
    again = write_identity(authority, tmp_path, "renewed")
    for old, new in zip((certificate, key), again, strict=True):
        new.replace(old)
    assert context_of(tls) is not before


def test_without_a_setting_the_system_is_trusted_by_aiohttps_own_context() -> None:
    assert server_trust(SYSTEM_TLS) is True
    assert isinstance(server_trust(Tls(minimum="1.3")), ssl.SSLContext)


def test_an_own_authority_stands_in_place_of_the_systems(authority: trustme.CA, tmp_path: Path) -> None:
    context = context_of(Tls(str(write_authority(authority, tmp_path))))
    assert [each["subject"] for each in context.get_ca_certs()] != []
    assert len(context.get_ca_certs()) == 1
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_insecure_verifies_nothing_and_only_that() -> None:
    context = context_of(Tls(insecure=True))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_minimum_is_12_unless_said() -> None:
    assert context_of(Tls(minimum="1.2")).minimum_version is ssl.TLSVersion.TLSv1_2
    assert context_of(Tls(minimum="1.3")).minimum_version is ssl.TLSVersion.TLSv1_3


Case = tuple[Callable[[Path, Path, Path], Tls], str, str, str]

CASES: dict[str, Case] = {
    "missing_ca": (lambda ca, _, __: Tls(f"{ca}.x"), "ca.pem.x", "there is no file {}", "a relative path starts at"),
    "missing_key": (
        lambda _, own, key: Tls(certificate=str(own), key=f"{key}.x"),
        "probe.key.x",
        "there is no file {}",
        "a relative path starts at",
    ),
    "folder": (lambda ca, _, __: Tls(str(ca.parent)), "", "expected a file, got a folder, a pipe or a device", ""),
    "garbage_ca": (lambda _, __, key: Tls(str(key)), "probe.key", "there is no certificate in {}", PEM),
    "empty_ca": (lambda ca, _, __: Tls(_empty(ca)), "empty.pem", "there is no certificate in {}", PEM),
    "garbage_certificate": (
        lambda _, __, key: Tls(certificate=str(key), key=str(key)),
        "probe.key",
        "there is no certificate in {}",
        PEM,
    ),
    "garbage_key": (
        lambda _, own, __: Tls(certificate=str(own), key=_empty(own)),
        "empty.pem",
        "there is no key in {} that can be read",
        PEM,
    ),
    "encrypted_key": (
        lambda _, own, key: Tls(certificate=str(own), key=str(encrypt(key))),
        "probe.locked",
        "the key {} is encrypted",
        "openssl pkey",
    ),
    "key_of_another": (
        lambda _, own, key: Tls(certificate=str(own), key=str(key.with_name("other.key"))),
        "other.key",
        "the key {} is not that of the certificate",
        "",
    ),
}


def _empty(beside: Path) -> str:
    path = beside.with_name("empty.pem")
    path.write_text("nothing here\n")
    return str(path)


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_no_good_is_named_with_the_reason(case: str, authority: trustme.CA, tmp_path: Path) -> None:
    make, name, message, hint = CASES[case]
    ca, (own, key) = write_authority(authority, tmp_path), write_identity(authority, tmp_path)
    write_identity(authority, tmp_path, "other")
    with pytest.raises(UnusableFileError) as raised:
        context_of(make(ca, own, key))
    path = str(tmp_path / name) if name else str(tmp_path)
    assert (raised.value.path, str(raised.value)) == (path, message.format(path))
    assert raised.value.hint.startswith(hint)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(authority: trustme.CA, tmp_path: Path) -> None:
    ca = write_authority(authority, tmp_path)
    ca.chmod(0)
    with pytest.raises(UnusableFileError, match="cannot be read: permission denied"):
        context_of(Tls(str(ca)))


def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnusableFileError, match="expected a file, got a folder, a pipe or a device"):
        context_of(Tls(str(tmp_path / "pipe")))


def test_a_file_that_is_no_certificate_by_its_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.pem").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(UnusableFileError, match=r"huge\.pem is larger than 8 MiB"):
        context_of(Tls(str(tmp_path / "huge.pem")))
