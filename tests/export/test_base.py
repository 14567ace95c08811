import subprocess
import sys

import pytest

from probe.export.exporters import EXPORTERS
from probe.spec.keys import keys_of


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_exporter_says_what_it_is_and_what_its_keys_are(name: str) -> None:
    exporter = EXPORTERS[name]
    assert exporter.DESCRIPTION.endswith(".")
    assert set(keys_of(exporter.Config)) == set(exporter.Config.__struct_fields__)


def test_reports_do_not_pay_for_the_exporters() -> None:
    """`probe run` starts fast: an exporter loads what it needs when its session opens."""
    script = "import probe.export.console, sys; print({'aiohttp', 'sqlite3', 'ssl', 'gzip'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
