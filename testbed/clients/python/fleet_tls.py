"""Asks an edge over TLS, each time on a connection of its own, and tells what came of it.

Input: port, root (PEM file), asked: a list of {name, host, path, version}. Output: for each the status and the body, or why
there was no connection."""

import socket
import ssl
from typing import Any

from script import REQUEST_TIMEOUT_SECS, ensure, script

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def _ask(port: int, root: str, asked: dict[str, str]) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(root)
    context.set_alpn_protocols(["http/1.1"])
    version = VERSIONS[asked.get("version", "1.3")]
    context.minimum_version = context.maximum_version = version
    try:
        plain = socket.create_connection(("127.0.0.1", port), REQUEST_TIMEOUT_SECS)
        with plain, context.wrap_socket(plain, server_hostname=asked["name"]) as secure:
            head = f"GET {asked['path']} HTTP/1.1\r\nhost: {asked['host']}:{port}\r\nconnection: close\r\n\r\n"
            secure.sendall(head.encode())
            answer = b""
            while part := secure.recv(65536):
                answer += part
    except ssl.SSLError as error:
        return {"refused": error.reason or str(error)}
    head, _, body = answer.decode().partition("\r\n\r\n")
    ensure(" " in head, f"no answer at {asked}")
    return {"status": int(head.split(" ")[1]), "head": head, "body": body}


def ask(values: dict[str, Any]) -> dict[str, Any]:
    return {"answers": [_ask(values["port"], values["root"], asked) for asked in values["asked"]]}


script(["port", "root", "asked"], ask)
