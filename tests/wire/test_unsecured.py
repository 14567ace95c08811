import ssl

import pytest

from probe.wire.unsecured import unsecured, untrusted


def of(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", "what answers there does not speak TLS"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it wants a certificate from its clients"),
        ("TLSV1_ALERT_ACCESS_DENIED", "it broke off with the alert access denied"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "it broke off with the alert bad certificate"),
        ("LENGTH_MISMATCH", "what it says makes no sense (length mismatch)"),
    ],
)
def test_openssls_reason_is_said_in_words(reason: str, words: str) -> None:
    assert unsecured(of(reason))[0] == words


def test_a_reason_openssl_does_not_know_is_said_without_its_noise() -> None:
    error = ssl.SSLError(1, "[SSL] unknown error (_ssl.c:1006)")
    assert unsecured(error) == ("what it says makes no sense (unknown error)", "")


def certificate(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (10, "certificate has expired", "it has expired"),
        (18, "self signed certificate", "it is signed by itself"),
        (20, "unable to get local issuer certificate", "no authority that is trusted here signed it"),
        (
            62,
            "Hostname mismatch, certificate is not valid for 'a'.",
            "hostname mismatch, certificate is not valid for 'a'",
        ),
        (
            64,
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
            "IP address mismatch, certificate is not valid for '127.0.0.1'",
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said_in_words(code: int, message: str, words: str) -> None:
    assert untrusted(certificate(code, message))[0] == words


def test_a_missing_intermediate_is_thought_of() -> None:
    assert "intermediate" in untrusted(certificate(20, ""))[1]


@pytest.mark.parametrize("code", [18, 19, 20, 21])
def test_who_is_not_trusted_can_be_trusted_by_the_journey(code: int) -> None:
    assert "network: {ca: …}" in untrusted(certificate(code, ""))[1]


def test_who_wants_a_certificate_can_be_shown_one() -> None:
    assert "client_certificate" in unsecured(of("TLSV13_ALERT_CERTIFICATE_REQUIRED"))[1]
