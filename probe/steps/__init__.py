from probe.steps import http, wait
from probe.steps.base import StepKind

KINDS: dict[str, StepKind] = {
    "http": http,
    "wait": wait,
}
