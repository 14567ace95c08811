import subprocess
import sys

from probe.export.exporters import EXPORTERS


def test_an_exporter_is_named_after_its_module() -> None:
    assert {name: module.__name__ for name, module in EXPORTERS.items()} == {  # type: ignore[attr-defined]
        name: f"probe.export.{name}" for name in EXPORTERS
    }


def test_whoever_only_prints_loads_no_exporter() -> None:
    code = "import sys, probe.export.console; print(any(name.startswith('probe.export.hub') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
