from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path.relative_to(ROOT / "probe") for path in (ROOT / "probe").rglob("*.py") if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_test(module: Path) -> None:
    test = ROOT / "tests" / module.parent / f"test_{module.stem.strip('_')}.py"
    assert test.is_file(), f"probe/{module} has no {test.relative_to(ROOT)}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_is_named_after_nothing(module: Path) -> None:
    assert module.stem not in {"utils", "helpers", "common", "misc", "manager"}


def test_every_test_has_its_module() -> None:
    named = {f"test_{module.stem.strip('_')}.py" for module in MODULES}
    free = {
        "test_accuracy.py",
        "test_broken.py",
        "test_canaries.py",
        "test_cancelled.py",
        "test_cookies_conformance.py",
        "test_demo_end_to_end.py",
        "test_deploy.py",
        "test_dockerfile.py",
        "test_docs.py",
        "test_faults.py",
        "test_far.py",
        "test_journeys.py",
        "test_jsonpath_conformance.py",
        "test_killed.py",
        "test_layout.py",
        "test_mutated_answers.py",
        "test_mutations.py",
        "test_pay_killed.py",
        "test_network.py",
        "test_programs.py",
        "test_stalls.py",
        "test_tls_openssl.py",
    }
    assert {path.name for path in (ROOT / "tests").rglob("test_*.py")} <= named | free
