"""A web server whose paths decide how it behaves.

Prints `port N` once it listens, then a line of JSON for each request.
"""

import argparse
import http.server
import json
import ssl
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        print(json.dumps({"path": self.path, "headers": headers, "body": body}), flush=True)
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "stall":
            time.sleep(3600)
        elif kind == "drop":
            self.close_connection = True
        elif kind == "flood":
            self.flood()
        elif kind == "trickle":
            self.trickle()
        else:
            self.answer(int(rest) if kind == "status" else 200)

    def answer(self, status):
        text = b"" if status in (204, 304) else f"status {status}\x1b[31m\nsecond line".encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/status/200")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def flood(self):
        """An answer that never ends, unless nobody reads it; says how much of it went away."""
        self.send_response(500)
        self.end_headers()
        self.close_connection = True
        sent = 0
        try:
            while True:
                sent += self.wfile.write(b"x" * 65536)
        except OSError:
            print(json.dumps({"sent": sent}), flush=True)

    def trickle(self):
        """An answer of which a byte comes now and then."""
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100000:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            pass

    def log_message(self, *arguments):
        pass


parser = argparse.ArgumentParser()
parser.add_argument("--certificate")
parser.add_argument("--key")
options = parser.parse_args()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if options.certificate:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.certificate, options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_port, flush=True)
server.serve_forever()
