"""Certificates and keys in files, good ones and bad ones."""

import subprocess
from pathlib import Path

import trustme


def write_authority(authority: trustme.CA, folder: Path, name: str = "ca.pem") -> Path:
    path = folder / name
    authority.cert_pem.write_to_path(str(path))
    return path


def write_identity(authority: trustme.CA, folder: Path, name: str = "probe") -> tuple[Path, Path]:
    """A client certificate with the one between it and its root, and its key."""
    issued = authority.issue_cert(f"{name}@test")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return certificate, key


def encrypt(key: Path) -> Path:
    path = key.with_suffix(".locked")
    command = ["openssl", "pkey", "-in", str(key), "-out", str(path), "-aes128", "-passout", "pass:secret"]
    subprocess.run(command, check=True, capture_output=True)
    return path
