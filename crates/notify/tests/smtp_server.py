"""A mail server (aiosmtpd) whose recipients decide how it behaves.

Prints `port N` once it listens, then a line of JSON for each mail that it took.
"""

import argparse
import asyncio
import base64
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self):
        self.sessions = []

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.7.1 nobody may send from here"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        behaviour = address.partition("@")[0]
        if behaviour == "refused":
            return "550 5.1.1 no such user\x1b[31m"
        if behaviour == "deferred":
            return "451 4.7.1 greylisted, come back later"
        if behaviour == "stalled":
            await asyncio.sleep(3600)
        if behaviour == "dropped":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        behaviour = envelope.rcpt_tos[0].partition("@")[0]
        if behaviour == "spam":
            return "554 5.6.0 this looks like spam"
        if behaviour == "full":
            return "452 4.2.2 mailbox full"
        if session not in self.sessions:
            self.sessions.append(session)
        mail = {
            "session": self.sessions.index(session),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "user": getattr(session, "user", None),
            "data": base64.b64encode(envelope.original_content).decode(),
        }
        print(json.dumps(mail), flush=True)
        if behaviour == "once":
            asyncio.get_running_loop().call_later(0, server.transport.close)
        return "250 taken"


def authenticator(server, session, envelope, mechanism, data):
    if isinstance(data, LoginPassword) and data.password == b"p:w@rd":
        session.user = data.login.decode()
        return AuthResult(success=True)
    return AuthResult(success=False, handled=False)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--auth", action="store_true")
    arguments = parser.parse_args()
    context = None
    if arguments.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)
    handler = Handler()
    starttls = arguments.tls == "starttls"

    def session():
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=authenticator if arguments.auth else None,
            auth_required=arguments.auth,
            auth_require_tls=starttls,
        )

    implicit = context if arguments.tls == "implicit" else None
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=implicit)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
