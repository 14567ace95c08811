from collections import Counter
from collections.abc import Iterator, Mapping

from probe.agent.page.figures import ago
from probe.agent.page.markup import Html, element, foreign, joined, terms
from probe.agent.page.problems import step_that_broke
from probe.export.bar import slowest
from probe.model.duration import format_duration
from probe.model.result import Failure, Run, StepResult, Verdict
from probe.model.slot import Account
from probe.model.status import AgentStatus, JourneyStatus

_MARKS: Mapping[Verdict, str] = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.ERRORED: "!", Verdict.SKIPPED: "–"}
_WORST_FIRST = (Verdict.FAILED, Verdict.ERRORED, Verdict.SKIPPED, None, Verdict.PASSED)
_COLUMNS = ("Journey", "Last run", "Took", "Next", "Slots")


def journeys(agent: AgentStatus) -> Html:
    """A row for each, which opens; the ones that do not pass come first and are open."""
    if not agent.journeys:
        return element("p", "No journeys are configured.", class_="quiet")
    ordered = sorted(agent.journeys, key=lambda each: (_rank(each), each.journey))
    head = element("div", *(element("span", column) for column in _COLUMNS), class_="row columns", aria_hidden="true")
    return joined((head, element("ul", *(_journey(each, agent) for each in ordered), class_="journeys")))


def _rank(journey: JourneyStatus) -> int:
    return len(_WORST_FIRST) if journey.disabled else _WORST_FIRST.index(journey.last.verdict if journey.last else None)


def _journey(journey: JourneyStatus, agent: AgentStatus) -> Html:
    run = journey.last
    row = tuple(_cells(journey, agent))
    if run is None:
        return element("li", element("div", *row, class_="row"), class_="tone-quiet")
    unfolded = {} if run.verdict is Verdict.PASSED else {"open": "open"}
    inside = element("div", _failure(run), *map(_suspicion, run.suspect), _steps(run), class_="inside")
    return element(
        "li",
        element("details", element("summary", *row, class_="row"), inside, **unfolded),
        class_=f"tone-{run.verdict}",
    )


def _cells(journey: JourneyStatus, agent: AgentStatus) -> Iterator[Html]:
    run = journey.last
    yield element("span", _mark(run), foreign(journey.journey), class_="name")
    yield _cell("Last run", _last(journey, agent))
    yield _cell("Took", format_duration(run.duration_ns) if run else "–")
    yield _cell("Next", _next(journey, agent))
    yield _cell("Slots", _slots(journey, agent))


def _cell(label: str, content: str) -> Html:
    """Its label is seen where there is no room for columns."""
    return element("span", element("span", label, class_="label"), element("span", content))


def _mark(run: Run | None) -> Html:
    return element("span", _MARKS[run.verdict] if run else "–", class_="mark", aria_hidden="true")


def _last(journey: JourneyStatus, agent: AgentStatus) -> Html:
    run = journey.last
    if run is None:
        return element("span", "disabled" if journey.disabled else "none yet", class_="quiet")
    flags = [word for word, is_so in ((" flaky", run.flaky), (" suspect", run.suspect)) if is_so]
    when = (element("b", run.verdict, class_="verdict"), " ", ago(run.started_at, agent.now))
    return joined((*when, *(element("span", word, class_="flag") for word in flags)))


def _next(journey: JourneyStatus, agent: AgentStatus) -> Html:
    if journey.running:
        return element("span", "running", class_="running")
    if journey.next_due is None:
        return element("span", "–", class_="quiet")
    return ago(journey.next_due, agent.now)


def _slots(journey: JourneyStatus, agent: AgentStatus) -> Html:
    """The ledger's account of the grid the journey is on, and why slots had no run, over the ledger's life."""
    account = journey.account
    if account is None:
        return element("span", "–", class_="quiet")
    reasons = Counter({n.reason: n.count for n in agent.slots if n.journey == journey.journey and n.reason})
    why = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    return joined((_account(account), element("small", why and f"ever: {why}")))


def _account(account: Account) -> Html:
    parts = [f"{account.ran:,} ran"]
    for count, word in ((account.skipped, "skipped"), (account.missed, "missed"), (account.running, "running")):
        parts += [f"{count:,} {word}"] if count else []
    if account.adds_up:
        return element("span", f"{account.expected:,} = {' + '.join(parts)}")
    return element("strong", f"{account.expected:,} ≠ {' + '.join(parts)}: does not add up", class_="alarm")


def _failure(run: Run) -> Html:
    failure = run.failure
    if failure is None:
        return Html()
    step = step_that_broke(run)
    where = joined((foreign(step), " · ")) if step else Html()
    facts = [element("p", where, element("b", failure.cause), " · ", foreign(failure.message), class_="failure")]
    if failure.expected:
        facts.append(_compared(failure))
    if failure.place is not None:
        facts.append(element("p", element("code", str(failure.place)), class_="place"))
    if failure.hint:
        facts.append(element("p", "→ ", foreign(failure.hint), class_="place"))
    return joined(facts)


def _compared(failure: Failure) -> Html:
    """What a check wanted and what it got."""
    pairs = (("expected", failure.expected), ("actual", failure.actual))
    return terms(((name, element("code", foreign(text))) for name, text in pairs), "compared")


def _suspicion(reason: str) -> Html:
    return element("p", element("span", "suspect", class_="flag"), " · ", foreign(reason))


def _steps(run: Run) -> Html:
    return element("ol", *map(_step, run.steps), class_="steps")


def _step(step: StepResult) -> Html:
    skipped = step.verdict is Verdict.SKIPPED
    return element(
        "li",
        element("span", _MARKS[step.verdict], class_="mark", aria_label=step.verdict, role="img"),
        foreign(step.name),
        element("span", "" if skipped else format_duration(step.duration_ns), class_="number"),
        element("span", step.skipped or _slowest(step), class_="quiet"),
        class_=f"tone-{step.verdict}",
    )


def _slowest(step: StepResult) -> str:
    if not step.phases:
        return ""
    phase = slowest(step.phases)
    return f"{phase} {format_duration(step.phases[phase])}"
