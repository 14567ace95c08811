"""The shop that clients are measured against: nginx where it is installed, else an asyncio.Protocol on uvloop.

Both are cheaper than any client in Python, so that they are no limit. In a process of its own, on a processor of its
own if there are two.
"""

import asyncio
import getpass
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.cost import CLIENT, SERVER, on_processor

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
PRODUCT, CART, PAY = "/products/TSHIRT-M", "/cart", "/pay"
_ROW = '<li class="review"><b>★★★★☆</b> <q>Fits well, washes well, looks well.</q> <i>review {number}</i></li>\n'
PAGE = (
    '<!doctype html><html><head><title>T-shirt</title></head><body>\n<h1 class="name">T-shirt, medium</h1>\n'
    '<form action="/cart" method="post"><input type="hidden" name="csrf" value="c5rf-70k3n-0123456789"></form>\n<ul>\n'
    + "".join(_ROW.format(number=number) for number in range(190))
    + "</ul></body></html>\n"
).encode()
"""20 KB."""
ANSWERS = {
    PRODUCT: ("text/html; charset=utf-8", PAGE),
    CART: (
        "application/json",
        b'{"ok": true, "cart": {"id": "c-1042", "items": [{"sku": "TSHIRT-M", "quantity": 1}]}}',
    ),
    PAY: ("application/json", b'{"status": "paid", "order": {"id": "o-77", "total": 19.9}}'),
}


class Target(NamedTuple):
    server: str
    http: str
    https: str
    ca: Path


@contextmanager
def target() -> Iterator[Target]:
    """Up, with this process on the client's processor."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        identity, ca = _identity(folder)
        with on_processor(SERVER):
            process, plain, secured = _nginx(NGINX, folder, identity) if NGINX else _own(identity)
        try:
            wait_for(plain)
            with on_processor(CLIENT):
                server = "nginx" if NGINX else "an asyncio.Protocol"
                yield Target(server, f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secured}", ca)
        finally:
            process.terminate()
            process.wait()


def _identity(folder: Path) -> tuple[Path, Path]:
    import trustme

    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    certificate = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    identity, ca = folder / "identity.pem", folder / "ca.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(identity)
    authority.cert_pem.write_to_path(ca)
    return identity, ca


_NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; user {user};
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{secured} ssl backlog=4096;
    ssl_certificate {identity}; ssl_certificate_key {identity}; ssl_protocols TLSv1.3;
    location = {product} {{ alias {folder}/page.html; default_type "text/html; charset=utf-8"; types {{}} }}
    location = {cart} {{ return 200 '{in_cart}'; }}
    location = {pay} {{ return 200 '{paid}'; }}
  }}
}}
"""


def _nginx(program: str, folder: Path, identity: Path) -> tuple[subprocess.Popen[bytes], int, int]:
    (folder / "page.html").write_bytes(PAGE)
    plain, secured = free_port(), free_port()
    words = {"product": PRODUCT, "cart": CART, "in_cart": ANSWERS[CART][1].decode()}
    words |= {"pay": PAY, "paid": ANSWERS[PAY][1].decode(), "user": getpass.getuser()}
    text = _NGINX.format(folder=folder, identity=identity, plain=plain, secured=secured, **words)
    (folder / "nginx.conf").write_text(text)
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL), plain, secured


def free_port() -> int:
    """For a server that cannot say which one it took."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


def _own(identity: Path) -> tuple[subprocess.Popen[bytes], int, int]:
    process = subprocess.Popen([sys.executable, "-m", "bench.target", str(identity)], stdout=subprocess.PIPE)
    assert process.stdout
    plain, secured = map(int, process.stdout.readline().split())
    return process, plain, secured


class Shop(asyncio.Protocol):
    """Answers each request when it is whole; a body comes with its length."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.came = b""

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, blank, body = self.came.partition(b"\r\n\r\n")
        if blank and len(body) >= _length(head):
            self.came = b""
            kind, answer = ANSWERS[head.split(b" ", 2)[1].decode()]
            head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind.encode(), len(answer))
            self.transport.write(head + answer)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


async def serve(identity: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity)
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Shop, "127.0.0.1", 0, ssl=tls) for tls in (None, context)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()  # until it is terminated


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1]))
