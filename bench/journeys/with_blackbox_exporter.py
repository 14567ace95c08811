"""Prometheus' blackbox_exporter: one request each time it is asked, answering /probe included."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.cost import cpu_s, peak_rss_mib
from bench.journeys.client import AT_ONCE, Cost, Order, order, tell
from bench.target import PRODUCT, free_port, wait_for

PROGRAM = "prometheus-blackbox-exporter"


def main(order: Order) -> None:
    modules = {
        "page": {"prober": "http", "http": {"preferred_ip_protocol": "ip4", "tls_config": {"ca_file": order.ca}}}
    }
    port = free_port()
    with TemporaryDirectory() as folder:
        config = Path(folder, "blackbox.yml")
        config.write_text(json.dumps({"modules": modules}))  # YAML holds JSON
        command = [PROGRAM, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        exporter = subprocess.Popen(command, stdout=sys.stderr, env={**os.environ, "GOMAXPROCS": "1"})
        try:
            wait_for(port)
            measure(exporter.pid, f"http://127.0.0.1:{port}/probe?", order)
        finally:
            exporter.terminate()
            exporter.wait()


def measure(pid: int, ask: str, order: Order) -> None:
    url = ask + urlencode({"module": "page", "target": order.url + PRODUCT})
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(probe, [url] * 2 * AT_ONCE))
        before = cpu_s(pid)
        list(threads.map(probe, [url] * order.journeys))
    tell(Cost((cpu_s(pid) - before) / order.journeys * 1e6, peak_rss_mib(pid)))


def probe(url: str) -> None:
    with urlopen(url) as answer:
        assert b"\nprobe_success 1\n" in answer.read()


if __name__ == "__main__":
    main(order())
