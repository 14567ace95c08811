from probe.steps import dns, http, tcp, tls, wait
from probe.steps.base import StepKind

KINDS: dict[str, StepKind] = {
    "http": http,
    "tcp": tcp,
    "tls": tls,
    "dns": dns,
    "wait": wait,
}
