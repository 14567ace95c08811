"""Delivery, controls, and the agent itself."""

from collections.abc import Iterator

from probe.agent.page.figures import ago, counted, span_text
from probe.agent.page.markup import Html, element, foreign, joined, terms
from probe.model.duration import format_duration
from probe.model.size import format_size
from probe.model.status import AgentStatus, ControlStatus, ExporterStatus

_TONES = {"retrying": "warning", "paused": "errored", "stopped": "quiet"}
_QUIET = {"class_": "quiet"}


def delivery(agent: AgentStatus) -> Html:
    if not agent.exporters:
        return element("p", "No exporters are configured: results stay here.", **_QUIET)
    cards = element("div", *(_exporter(each, agent) for each in agent.exporters), class_="cards")
    return joined((cards, _spool(agent)))


def _exporter(exporter: ExporterStatus, agent: AgentStatus) -> Html:
    tone = _TONES.get(exporter.state, "passed")
    head = (foreign(exporter.exporter), " ", element("b", exporter.state, class_="verdict"))
    return element(
        "div", element("p", *head, class_="head"), *_exporter_facts(exporter, agent), class_=f"card tone-{tone}"
    )


def _exporter_facts(exporter: ExporterStatus, agent: AgentStatus) -> Iterator[Html]:
    if exporter.reason and exporter.state in _TONES:
        yield element("p", foreign(exporter.reason))
    waiting = f"{counted(exporter.records, 'record')} waiting, {format_size(exporter.bytes)}"
    oldest = (", the oldest from ", ago(exporter.oldest, agent.now)) if exporter.oldest else ()
    yield element("p", waiting if exporter.records else "nothing waits", *oldest)
    last = (", the last ", ago(exporter.delivered_at, agent.now)) if exporter.delivered_at else ()
    again = f", {counted(exporter.retries, 'batch', 'batches')} sent again" if exporter.retries else ""
    yield element("p", f"{exporter.delivered:,} delivered", *last, again)
    lost = ", ".join(f"{count:,} by {reason}" for reason, count in exporter.dropped.items() if count)
    if lost:
        yield element("p", f"lost: {lost}", class_="alarm")


def _spool(agent: AgentStatus) -> Html:
    used = agent.spool_bytes / agent.spool_limit_bytes if agent.spool_limit_bytes else 0
    meter = element("meter", value=f"{used:.4f}", min="0", max="1", high="0.8", optimum="0", aria_label="spool in use")
    words = f"Spool: {counted(agent.spool_records, 'record')}, {format_size(agent.spool_bytes)} "
    return element("p", words, meter, f" of {format_size(agent.spool_limit_bytes)}", **_QUIET)


def controls(agent: AgentStatus) -> Html:
    if not agent.controls:
        return element("p", "None are known: a failure of the agent's network looks like one of the shop.", **_QUIET)
    return element("ul", *map(_control, agent.controls), class_="controls")


def _control(control: ControlStatus) -> Html:
    mark, tone, said = ("✓", "passed", "reached") if control.sound else ("!", "errored", "not reached")
    return element(
        "li",
        element("span", mark, class_="mark", aria_hidden="true"),
        foreign(control.target),
        element("span", " ", foreign(control.message or said), **_QUIET),
        class_=f"tone-{tone}",
    )


def health(agent: AgentStatus) -> Html:
    return terms(_facts(agent), "facts")


def _facts(agent: AgentStatus) -> Iterator[tuple[str, str]]:
    yield "Running", f"{agent.in_flight} of at most {agent.concurrency}"
    yield "Waiting for a place", f"{agent.queued} now, {agent.queue_seconds_total:,.1f} s in all"
    yield "Event loop", f"late by at most {format_duration(agent.loop_delay_ns)} in the last minute"
    yield "Garbage collection", _collections(agent)
    yield "Throttled", _throttled(agent)
    yield "Clock", agent.timekeeping.words if agent.timekeeping else "the kernel does not say how it is kept"
    yield "Seen from outside as", ", ".join(agent.egress) or "not known: no hub has told"
    yield "Suspect runs", f"{agent.suspect_runs:,} since the start"
    yield "Effects", f"{agent.effects_open:,} to be undone, {agent.effects_leaked:,} leaked"
    yield "Unwritten", counted(agent.unwritten, "record")
    reloaded = (", the last ", ago(agent.reloaded_at, agent.now)) if agent.reloaded_at else ()
    yield "Reloads", joined((f"{agent.reloads} good", *reloaded, f", {agent.reload_failures} refused"))
    yield "Up", f"{span_text(agent.now - agent.started_at)}, since {agent.started_at:%Y-%m-%d %H:%M} UTC"


def _collections(agent: AgentStatus) -> str:
    worst = f"at most {format_duration(agent.gc_worst_ns)}" if agent.gc_worst_ns else "less than 1 ms"
    return f"{worst} at once in the last minute, {agent.gc_seconds_total:,.1f} s in all"


def _throttled(agent: AgentStatus) -> str:
    if agent.throttled_seconds_total is None:
        return "not known: no control group tells"
    return f"{agent.throttled_seconds_total:,.1f} s in all, for the CPU limit of its control group"
