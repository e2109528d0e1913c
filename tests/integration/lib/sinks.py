#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A mail server (STARTTLS and login demanded) and a webhook receiver on loopback that store what they receive:
#   sinks.py SMTP_PORT HTTP_PORT DIR CERTIFICATE KEY
# Files: DIR/mail.N (a line "FROM -> TO", then the message), DIR/hook.N (headers, an empty line, the body).
# While DIR/mail.answer or DIR/hook.answer exists, the sink responds with its text (and the path) and accepts nothing.
# A mail with the text in DIR/mail.refused.answer is refused for good.
import itertools
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

smtp_port, http_port, folder, certificate, key = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6]
numbers = itertools.count(1)


def answer(name):
    try:
        with open(os.path.join(folder, name + '.answer')) as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def keep(name, data):
    path = os.path.join(folder, '%s.%d' % (name, next(numbers)))
    with open(path + '.new', 'wb') as file:
        file.write(data)
    os.rename(path + '.new', path)


class Mails:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('unknown@'):
            return '550 no such user'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if answer('mail'):
            return answer('mail')
        if (answer('mail.refused') or '\0').encode() in envelope.content:
            return '554 not this text'
        line = '%s -> %s\n' % (envelope.mail_from, ','.join(envelope.rcpt_tos))
        keep('mail', line.encode() + envelope.content)
        return '250 taken'


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b'hpc', b'secret of the mail')
    return AuthResult(success=good)


class Hooks(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if answer('hook'):
            self.send_response(int(answer('hook')))
        else:
            keep('hook', str(self.headers).encode() + body)
            self.send_response(204)
        self.end_headers()
        if answer('hook'):
            self.wfile.write(b'no such path ' + self.path.encode())

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
Controller(Mails(), hostname='127.0.0.1', port=smtp_port, tls_context=context, require_starttls=True,
           authenticator=authenticate, auth_required=True).start()
threading.Thread(target=ThreadingHTTPServer(('127.0.0.1', http_port), Hooks).serve_forever).start()
print('up', flush=True)
