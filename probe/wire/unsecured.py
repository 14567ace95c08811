"""Why there is no TLS with a peer, in the words of a person, with a hint; `reason` is OpenSSL's name for it."""

import re
import ssl

_REASONS = {
    "WRONG_VERSION_NUMBER": ("what answers there does not speak TLS", "write http://, or another port"),
    "HTTP_REQUEST": ("what answers there does not speak TLS", "write http://, or another port"),
    "TLSV1_ALERT_PROTOCOL_VERSION": ("no TLS version in common", "this client speaks TLS 1.2 and 1.3"),
    "UNSUPPORTED_PROTOCOL": ("no TLS version in common", "this client speaks TLS 1.2 and 1.3"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (
        "it accepts nothing of what was offered (alert handshake failure)",
        "it has no cipher in common with this client, or wants a certificate from it",
    ),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": (
        "it wants a certificate from its clients",
        "network: {client_certificate: …}",
    ),
    "TLSV1_UNRECOGNIZED_NAME": ("it knows no host of that name (alert unrecognized name)", ""),
    "UNEXPECTED_EOF_WHILE_READING": ("it broke off without saying why", ""),
}
_NOISE = re.compile(r"\(_ssl\.c:\d+\)|\[SSL[^]]*\]")
_ALERT = re.compile(r"(?:sslv3 |tlsv1 |tlsv13 )?alert (.*)")
"""In the name of the version that defined it, whatever was spoken."""
_CERTIFICATES = {
    9: ("it is not valid yet", "or the clock of this machine is slow"),
    10: ("it has expired", "renew it; or the clock of this machine is fast"),
    18: ("it is signed by itself", "trust it with network: {ca: …}, or get one from an authority"),
    19: ("its chain ends in an authority that is not trusted here", "trust that with network: {ca: …}"),
    20: (
        "no authority that is trusted here signed it",
        "an intermediate certificate is missing in what the server sends, or trust the authority with network: {ca: …}",
    ),
    21: (
        "no authority that is trusted here signed it",
        "an intermediate certificate is missing in what the server sends, or trust the authority with network: {ca: …}",
    ),
}
"""By OpenSSL's X509_V_ERR_…"""


def unsecured(error: BaseException) -> tuple[str, str]:
    reason = getattr(error, "reason", None) or str(error)
    if reason in _REASONS:
        return _REASONS[reason]
    words = _NOISE.sub("", reason).replace("_", " ").strip().lower()
    alert = _ALERT.match(words)
    return f"it broke off with the alert {alert[1]}" if alert else f"what it says makes no sense ({words})", ""


def untrusted(error: BaseException) -> tuple[str, str]:
    """What is wrong with a certificate."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _CERTIFICATES:
        return _CERTIFICATES[error.verify_code]
    message = getattr(error, "verify_message", "") or str(error)
    begins = message[:1] if message[1:2].isupper() else message[:1].lower()  # IP address mismatch
    return begins + message[1:].rstrip("."), ""
