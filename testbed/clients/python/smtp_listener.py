"""A mail server that keeps what it is sent: aiosmtpd, with a password. Each mail becomes one line of JSON on the output.

Input: port, user, password, refusals: how many mails are refused for now before one is taken. Runs until it is ended."""

import json
import sys
import threading
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

VALUES = json.loads(sys.argv[1])


def say(line: dict) -> None:
    print(json.dumps(line), flush=True)


class Keeper:
    def __init__(self, refusals: int) -> None:
        self.refusals = refusals

    async def handle_DATA(self, server, session, envelope) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        line = {"id": mail["Message-ID"], "from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": mail["Subject"], "text": mail.get_content(), "taken": self.refusals == 0}
        say(line)
        if self.refusals:
            self.refusals -= 1
            return "451 come again later"
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
    known = isinstance(data, LoginPassword) and data.login.decode() == VALUES["user"] and data.password.decode() == VALUES["password"]
    return AuthResult(success=known, handled=known)


controller = Controller(Keeper(VALUES["refusals"]), hostname="127.0.0.1", port=VALUES["port"], authenticator=authenticate, auth_required=True, auth_require_tls=False)
controller.start()
say({"ready": True, "port": controller.server.sockets[0].getsockname()[1]})
threading.Event().wait()
