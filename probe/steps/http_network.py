"""From `network:` to the Route that a step's requests take."""

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from probe.model.network import NOTHING_SAID, Family, Network, PemFile, overlay
from probe.model.result import Cause, Failure
from probe.model.template import Text, Texts
from probe.safety.hosts import leaked_secret
from probe.steps.base import Performance, script_failure
from probe.wire.route import (
    DIRECT,
    SYSTEM,
    Proxy,
    Route,
    Tls,
    family_of,
    ip_or_none,
    parse_host,
    parse_ip,
    parse_nameserver,
    parse_redirection,
    proxy_or_none,
)

T = TypeVar("T")

_FAMILIES = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


def route_of(own: Network | None, performance: Performance) -> Route:
    """The Route by what the agent, the journey and the step say; StepFailure when it cannot be one."""
    network = overlay(performance.options.network, own)
    if network is NOTHING_SAID:
        return DIRECT
    read = partial(_read, performance)
    source = _source(network.source, performance)
    return Route(
        proxy=_proxy(network.proxy, performance),
        resolve=tuple(
            (parse_host(name), read(text, "resolve", parse_ip)) for name, text in (network.resolve or {}).items()
        ),
        connect_to=tuple(
            read(text, "connect_to", partial(parse_redirection, host))
            for host, text in (network.connect_to or {}).items()
        ),
        family=_family(network, source),
        source=source,
        tls=tls_of(network),
        unix_socket=_unix_socket(network.unix_socket, performance),
        resolver=_resolver(network.resolver or (), performance),
        resume=bool(network.resume),
    )


def tls_of(network: Network) -> Tls:
    own = network.client_certificate
    return Tls(
        ca=path_of(network.ca) if network.ca else "",
        certificate=path_of(own.certificate) if own else "",
        key=path_of(own.key) if own else "",
        minimum=str(network.tls_min or ""),
        insecure=bool(network.insecure),
    )


def path_of(file: PemFile) -> str:
    return str(Path(file.place.file).parent / file.path)


def unusable(network: Network, error: Exception) -> Failure:
    """What a file that cannot be used is to the run that needs it."""
    path, hint = getattr(error, "path", ""), getattr(error, "hint", "")
    place = next((file.place for file in network.files if path_of(file) == path), None)
    return Failure(Cause.AGENT, f"no TLS as network: asks for it: {error}", place, hint=hint)


def _read(performance: Performance, text: Text, key: str, parse: Callable[[str], T]) -> T:
    written = performance.text(text)
    try:
        return parse(written)
    except ValueError as error:
        raise script_failure(f"{key}: expected {error}, got {written[:80]}", text.place) from None


def _source(text: Text | None, performance: Performance) -> str:
    """Empty where it was not said, or said to be none."""
    return _read(performance, text, "source", ip_or_none) if text else ""


def _proxy(text: Text | None, performance: Performance) -> Proxy | None:
    """The password is a secret from here on, and both go to no proxy they are not bound to."""
    if text is None:
        return None
    written = performance.text(text)
    try:
        proxy = proxy_or_none(written)
    except ValueError as error:
        raise script_failure(f"proxy: expected {error}", text.place) from None
    if proxy is None:
        return None
    performance.scope.derived("proxy", proxy.password)
    leaked = leaked_secret(f"{written}\n{proxy.user}\n{proxy.password}", proxy.host, performance.options.secret_hosts)
    if leaked is not None:
        allowed = ", ".join(performance.options.secret_hosts[leaked][1])
        message = f"the secret {leaked} was not sent: it is bound to {allowed}, and the proxy is another host"
        raise script_failure(message, text.place)
    return proxy


def _family(network: Network, source: str) -> int:
    """The one that is asked for; a source address leaves no other."""
    asked = _FAMILIES.get(network.family or Family.ANY, socket.AF_UNSPEC)
    if not source or asked in (socket.AF_UNSPEC, family_of(source)):
        return family_of(source) if source else asked
    place = network.source.place if network.source else None
    raise script_failure(f"source: {source} is no {network.family} address, and family: asks for one", place)


def _resolver(texts: Texts, performance: Performance) -> tuple[str, ...]:
    servers = tuple(_read(performance, text, "resolver", parse_nameserver) for text in texts)
    if SYSTEM in servers and len(servers) > 1:
        raise script_failure("resolver: system is asked alone, or not at all", texts[0].place)
    return servers


def _unix_socket(text: Text | None, performance: Performance) -> str:
    path = "" if text is None else performance.text(text)
    if text is None or not path:
        return ""
    if not path.isprintable():
        raise script_failure("unix_socket: expected a path", text.place)
    return str(Path(text.place.file).parent / path)
