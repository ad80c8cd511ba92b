"""Connects to a TLS server with each version of TLS, and without trust, and tells what came of it.

Input: port, root (PEM file); control: certificate and key (PEM files) of a server of our own that takes TLS 1.1, by which
the script proves that it could have spoken it. Output: for each version what was agreed on, or why nothing was."""

import socket
import ssl
import threading
import warnings
from typing import Any

from script import REQUEST_TIMEOUT_SECS, ensure, script

# The versions that must be refused are deprecated in the library, which is why they are tried.
warnings.simplefilter("ignore", DeprecationWarning)
VERSIONS = {"1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def _context(version: ssl.TLSVersion, root: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["http/1.1"])
    if version == ssl.TLSVersion.TLSv1_1:
        # Debian's library forbids itself the old versions unless told otherwise.
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    if root:
        context.load_verify_locations(root)
    else:
        context.load_default_certs()
    return context


def _connect(port: int, context: ssl.SSLContext) -> dict[str, Any]:
    try:
        with socket.create_connection(("127.0.0.1", port), REQUEST_TIMEOUT_SECS) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            answer = secure.recv(4096).decode()
            return {"version": secure.version(), "cipher": secure.cipher()[0], "alpn": secure.selected_alpn_protocol(), "status": answer.split(" ")[1] if " " in answer else ""}
    except ssl.SSLError as error:
        return {"refused": error.reason or str(error)}


def _control(values: dict[str, Any]) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(values["certificate"], values["key"])
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as secure:
            secure.recv(4096)
            secure.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    seen = _connect(listener.getsockname()[1], _context(VERSIONS["1.1"], values["root"]))
    thread.join(REQUEST_TIMEOUT_SECS)
    return seen


def probe(values: dict[str, Any]) -> dict[str, Any]:
    control = _control(values["control"])
    ensure(control.get("version") == "TLSv1.1", "this client cannot speak TLS 1.1 at all, so a refusal would prove nothing", control)
    seen = {name: _connect(values["port"], _context(version, values["root"])) for name, version in VERSIONS.items()}
    return {"versions": seen, "untrusted": _connect(values["port"], _context(VERSIONS["1.3"], None))}


script(["port", "root", "control"], probe)
