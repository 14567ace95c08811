"""Bad input never ends in a traceback: journeys, mutated at random, load or are refused with places and hints.

`PROBE_MUTATIONS` says how many (2,000 unless said), `PROBE_SEED` begins elsewhere.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.errors import SpecError
from probe.export.text import mistake_lines
from probe.model.journey import Journey
from probe.model.place import Mistake
from probe.spec.load import load_journey

TESTS = Path(__file__).parents[1]
COUNT = int(os.environ.get("PROBE_MUTATIONS", "2000"))
SEED = int(os.environ.get("PROBE_SEED", "0"))
SHARES = 8
LONGEST_S = 5.0

TOKENS: tuple[str, ...] = (
    *"{}[]:,-?&*!|>'\"%@`#~$()\\\n\t\r \0\x07\x7f\x85\xa0\u2028\ufeff\ufffe😀é",
    *("${", "}", "$${", "${x}", ": ", "- ", "? ", "<<: ", "--- ", "...", "&a ", "*a", "!!str ", "!x ", "%YAML 1.1\n"),
    *("{" * 70, "[" * 200, "- " * 100, "null", "true", "NO", "0123", "12:30", "1e999", ".nan", "9" * 5000, "-1", ""),
    *("http", "wait", "poll", "check", "capture", "undo", "effect", "write", "secrets", "always", "steps", "filter"),
    *("jsonpath", "$.a[?@.b]", "css", "a[", "regex", "(?=a)", "(a{1000}){1000}", "nth(0)", "| default(", "env(1)"),
)
SMALL = (
    "journey: a\nsteps: [{name: b, wait: 1s, check: [{duration: {below: 2s}}]}]\n",
    "journey: &a a\ndescription: *a\nsteps:\n- name: b\n  http: {get: 'http://x', json: [1, null, \"${uuid()}\"]}\n",
)


def _sources() -> list[str]:
    files = [*TESTS.parent.glob("journeys/*.yaml"), *TESTS.glob("journeys/*/*.yaml")]
    return [*SMALL, *(path.read_text() for path in sorted(files))]


def _cut(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    end = start + rng.randrange(1, 20)
    return text[:start] + text[end:]


def _insert(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(TOKENS) + text[at:]


def _replace_word(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    words[rng.randrange(len(words))] = rng.choice((*TOKENS, *words))
    return " ".join(words)


def _move_lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.choice(("swap", "drop", "repeat", "indent"))
    if change == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    elif change == "indent":
        lines[one] = " " * rng.randrange(8) + lines[one].lstrip()
    else:
        lines[one : one + 1] = [] if change == "drop" else [lines[one]] * rng.choice((2, 3, 400))
    return "\n".join(lines)


def _swap_key_and_value(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    key, colon, value = lines[at].partition(": ")
    lines[at] = f"{value}{colon}{key}"
    return "\n".join(lines)


def _flip_bytes(rng: random.Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.choice((0, 0, 0, 1, 5)) if flipped else 0):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (
    _cut,
    _insert,
    _insert,
    _replace_word,
    _move_lines,
    _swap_key_and_value,
)


def _mutated(seed: int, sources: list[str]) -> bytes:
    rng = random.Random(seed)
    text = rng.choice(sources)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        text = rng.choice(MUTATIONS)(rng, text)
    return _flip_bytes(rng, text.encode())


@pytest.mark.parametrize("share", range(SHARES))
def test_a_mutated_journey_loads_or_is_refused_with_places(share: int, tmp_path: Path) -> None:
    sources = _sources()
    path = tmp_path / "mutated.yaml"
    for seed in range(SEED + share, SEED + COUNT, SHARES):
        path.write_bytes(_mutated(seed, sources))
        try:
            _assert_sane(path)
        except Exception as error:
            raise AssertionError(
                f"PROBE_SEED={seed} PROBE_MUTATIONS=1 shows it again:\n{path.read_bytes()!r}"
            ) from error


def _assert_sane(path: Path) -> None:
    lines = path.read_bytes().decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    started = time.perf_counter()
    outcome = _outcome(path)
    assert time.perf_counter() - started < LONGEST_S
    assert outcome
    for mistake in () if isinstance(outcome, Journey) else outcome:
        _assert_told(mistake, lines)


def _outcome(path: Path) -> Journey | tuple[Mistake, ...]:
    try:
        return load_journey(path)
    except SpecError as error:
        return error.mistakes


def _assert_told(mistake: Mistake, lines: int) -> None:
    place = mistake.place
    assert 1 <= place.line <= lines
    assert 1 <= place.column < place.end_column
    assert mistake.message
    assert all(line.isprintable() for line in mistake_lines(mistake))
