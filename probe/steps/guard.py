"""Whether what a step is about to send may go where it is sent."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from probe.errors import StepFailure
from probe.model.place import Place
from probe.steps.base import Performance, script_failure

Texts = Callable[[int], Iterable[str]]
"""All that would be sent, as texts that overlap by so many bytes."""


def guard(host: str, texts: Texts, performance: Performance, place: Place, way: Sequence[str] = ()) -> None:
    """StepFailure before anything is sent where it must not go. May have to look through files, and take its time.

    `way` are all hosts it passes on its way to that one; without, it goes there straight.
    """
    if performance.write_key:
        _refuse_write(way or (host,), performance, place)
    refuse_leak(host, texts, performance, place)


def _refuse_write(way: Sequence[str], performance: Performance, place: Place) -> None:
    from probe.safety.hosts import is_loopback

    beyond = next((host for host in way if not is_loopback(host)), None)
    if beyond is None:
        return
    if not performance.options.writes_allowed:
        message = f"a step with effect: write was not sent to {beyond}: writes are not allowed there"
        raise script_failure(message, place, "allow them with --allow-writes")
    if not performance.options.journalled:
        message = f"a step with effect: write was not sent to {beyond}: there is no journal of effects to enter it into"
        raise script_failure(message, place, "give it a state folder")


def refuse_by_name(host: str, part: Any, performance: Performance, place: Place) -> None:
    """StepFailure when a name in what is to be sent holds a secret that no text can be searched for."""
    options = performance.options
    if not options.short_secrets:
        return
    from probe.evaluate.template import names_in
    from probe.safety.taint import not_for

    names = {name for _, name in names_in(part)}
    secret = not_for(host, names, options.taints, options.short_secrets)
    if secret is not None:
        raise _bound_elsewhere(secret, options.short_secrets[secret], place)


def _bound_elsewhere(secret: str, hosts: Sequence[str], place: Place) -> StepFailure:
    message = f"the secret {secret} was not sent: it is bound to {', '.join(hosts)}, and this is another host"
    return script_failure(message, place)


def refuse_leak(host: str, texts: Texts, performance: Performance, place: Place) -> None:
    """StepFailure when a secret is in what is on its way to a host it is not bound to."""
    from probe.safety.hosts import bound_elsewhere, leaked_secret
    from probe.safety.redaction import LONGEST_FORM
    from probe.wire.body import FileTrouble

    bound = bound_elsewhere(host, performance.options.secret_hosts)
    if not bound:
        return
    longest = max(len(value.encode(errors="surrogatepass")) for value, _ in bound.values())
    try:
        found = (leaked_secret(text, host, bound) for text in texts(longest * LONGEST_FORM))
        secret = next(filter(None, found), None)
    except FileTrouble as trouble:
        raise script_failure(str(trouble), place) from None
    if secret is not None:
        raise _bound_elsewhere(secret, bound[secret][1], place)
