"""An authority with wishes (RFC 9773): stands in front of one that has none, adds renewalInfo to its directory, and answers
it from a table."""
import base64
import http.client
import http.server
import json
import ssl
import threading

from threaded_server import Threads


class RenewalInfo:
    """`window(id)` is (start, end) as RFC 3339 words. `asked` are the ids, `replaced` what orders said that they follow."""

    def __init__(self, to, made, ca, window):
        self.asked, self.replaced, wishes = [], [], self
        trust = ssl.create_default_context(cafile=str(ca))

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path.startswith("/renewal-info/"):
                    wishes.asked.append(self.path.rsplit("/", 1)[1])
                    start, end = window(wishes.asked[-1])
                    return self.say(200, json.dumps({"suggestedWindow": {"start": start, "end": end}}).encode(), {"Retry-After": "21600"})
                if self.command == "POST":
                    payload = base64.urlsafe_b64decode(json.loads(body)["payload"] + "==")
                    if b'"replaces"' in payload:
                        wishes.replaced.append(json.loads(payload)["replaces"])
                server = http.client.HTTPSConnection("localhost", to, context=trust, timeout=60)
                fields = {name: value for name, value in self.headers.items() if name.lower() in ("host", "content-type", "user-agent")}
                server.request(self.command, self.path, body or None, fields)
                answer = server.getresponse()
                text = answer.read()
                if self.path == "/dir":
                    text = json.dumps({**json.loads(text), "renewalInfo": f"https://localhost:{wishes.port}/renewal-info"}).encode()
                self.say(answer.status, text, {name: value for name, value in answer.getheaders()
                                               if name.lower() in ("replay-nonce", "location", "content-type", "retry-after")})
                server.close()

            do_GET = do_POST = pass_on

            def say(self, status, text, fields):
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.http = Threads(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made["chain"], made["key"])
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.http.server_address[1]
        self.directory = f"https://localhost:{self.port}/dir"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
