"""Runs as Markdown: the summary a CI job shows on its page."""

from collections.abc import Iterator, Sequence

from probe.export.text import cut
from probe.model.duration import format_duration
from probe.model.result import Run, Verdict

_SIGNS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.ERRORED: "⚠️", Verdict.SKIPPED: "➖"}


def render_markdown(runs: Sequence[Run], title: str) -> str:
    return "\n".join([f"## {_escape(title)}", "", *_table(runs), *_failures(runs), ""])


def _table(runs: Sequence[Run]) -> Iterator[str]:
    yield "| | journey | verdict | duration | steps | slowest step |"
    yield "|---|---|---|---:|---:|---|"
    for run in runs:
        done = [step for step in run.steps if step.verdict is not Verdict.SKIPPED]
        slowest = max(done, key=lambda step: step.duration_ns, default=None)
        cells = (
            _SIGNS[run.verdict],
            _escape(run.journey),
            str(run.verdict),
            format_duration(run.duration_ns),
            f"{sum(step.verdict is Verdict.PASSED for step in done)}/{len(run.steps)}",
            f"{_escape(slowest.name)} ({format_duration(slowest.duration_ns)})" if slowest else "",
        )
        yield f"| {' | '.join(cells)} |"


def _failures(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        if run.failure is not None:
            yield ""
            yield f"**{_where(run)}** — {run.failure.cause}: {_escape(run.failure.message)}  "
            if run.failure.place is not None:
                yield f"at `{_code(str(run.failure.place))}`  "
            if run.failure.expected:
                yield f"expected `{_code(run.failure.expected)}`, got `{_code(run.failure.actual)}`"
        for effect in run.effects_open:
            yield ""
            title = f"{_escape(run.journey)} › {_escape(effect.step)}"
            yield f"⚠️ **{title}** left a side effect: {effect.state}, key `{effect.key}`"


def _where(run: Run) -> str:
    step = next((step.name for step in run.steps if step.failure is not None), None)
    return _escape(run.journey) if step is None else f"{_escape(run.journey)} › {_escape(step)}"


def _escape(text: str) -> str:
    """The text in one line, with nothing in it that Markdown or HTML would act on."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~" else c for c in cut(text, 300)).replace("&", "&amp;")


def _code(text: str) -> str:
    return cut(text, 300).replace("`", "'").replace("|", "\\|")
