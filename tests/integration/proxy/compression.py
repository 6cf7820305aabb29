#!/usr/bin/env python3
"""What `gzip …` of nginx becomes: the same requests to nginx and to Switchyard with the configuration that import-nginx makes
of the same file, before the same endpoint. The bodies are the same after decoding; what nginx compresses is compressed, and
what it leaves alone is left alone; tags are weak where it makes them weak. Server-sent events arrive one by one, compressed.

usage: compression.py SWITCHYARD"""
import http.client
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from checks import check, verdict  # noqa: E402
from running import Process, Switchyard, accepts, port_to_keep, until, workplace  # noqa: E402

LINES = "".join(f"<li>item {i * i % 977}: {'even' if i % 2 else 'odd'}</li>\n" for i in range(20_000)).encode()
PAGES = {  # path: (body, fields, chunked)
    "/page": (LINES[:30_000], {"Content-Type": "text/html; charset=utf-8", "ETag": '"one"', "Accept-Ranges": "bytes"}, False),
    "/large": (LINES, {"Content-Type": "text/css"}, False),
    "/json": (json.dumps([{"id": i, "name": f"user {i % 7}"} for i in range(300)]).encode(), {"Content-Type": "application/json", "ETag": 'W/"two"'}, False),
    "/chunked": (LINES[:100_000], {"Content-Type": "text/html"}, True),
    "/small": (LINES[:200], {"Content-Type": "text/html"}, False),
    "/edge": (LINES[:1000], {"Content-Type": "text/html"}, False),
    "/picture": (LINES[:30_000], {"Content-Type": "image/png"}, False),
    "/untyped": (LINES[:30_000], {}, False),
    "/coded": (zlib.compress(LINES[:30_000], 6, 31), {"Content-Type": "text/html", "Content-Encoding": "gzip"}, False),
    "/part": (LINES[:3000], {"Content-Type": "text/html", "Content-Range": "bytes 0-2999/30000"}, False),
}
ACCEPTED = [None, "gzip", "gzip, deflate, br", "br", "gzip;q=0", "*", "identity", "gzip;q=0.5, identity;q=0.1"]


class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    next_event = threading.Semaphore(0)

    def do_GET(self):
        if self.path == "/events":
            return self.events()
        body, fields, chunked = PAGES[self.path]
        if self.headers.get("If-None-Match") in ('"one"', 'W/"one"'):
            self.send_response(304)
            self.send_header("ETag", '"one"')
            return self.end_headers()
        self.send_response(206 if "Content-Range" in fields else 200)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked") if chunked else self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if not chunked:
            return self.wfile.write(body)
        for at in range(0, len(body), 7000):
            piece = body[at : at + 7000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_HEAD = do_GET

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(5):
            event = b"data: event %d\n\n" % i
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            Application.next_event.acquire()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


CONF = """events {{}}
http {{
    access_log off; {scratch}
    gzip on; gzip_comp_level 4; gzip_min_length 1000; gzip_types text/css application/json text/event-stream; gzip_vary on; gzip_proxied any;
    upstream app {{ server 127.0.0.1:{app}; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Host $http_host; }}
        location = /off {{ gzip off; proxy_pass http://app; proxy_set_header Host $http_host; }}
    }}
}}
"""


def ask(port, method, path, fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers=fields)
    answer = connection.getresponse()
    body = answer.read()
    coding = answer.getheader("Content-Encoding")
    out = {"status": answer.status, "coding": coding, "etag": answer.getheader("ETag"),
           "varies": "accept-encoding" in (answer.getheader("Vary") or "").lower(), "body": zlib.decompress(body, 31) if coding == "gzip" and body else body}
    connection.close()
    return out


def compare(theirs, ours):
    asked = 0
    for path in PAGES:
        for accepted in ACCEPTED:
            fields = {} if accepted is None else {"Accept-Encoding": accepted}
            a, b = ask(theirs, "GET", path, fields), ask(ours, "GET", path, fields)
            asked += 1
            # nginx asks for nothing but that the word is there; RFC 9110 has more to say of identity, *, and of who is told.
            strict = accepted in (None, "gzip", "gzip, deflate, br", "br", "gzip;q=0", "identity")
            same = a["status"] == b["status"] and a["body"] == b["body"] and (not strict or (a["coding"], a["etag"]) == (b["coding"], b["etag"]))
            if not same or (b["coding"] == "gzip" and not b["varies"] and path != "/coded"):
                shown = [{k: v if k != "body" else (len(v), v[:20]) for k, v in x.items()} for x in (a, b)]
                check(f"{path} for {accepted}", False, f"nginx {shown[0]}, here {shown[1]}")
    check(f"{asked} answers are the same after decoding, compressed where nginx compresses them", asked == len(PAGES) * len(ACCEPTED))
    again = {"Accept-Encoding": "gzip", "If-None-Match": 'W/"one"'}
    a, b = ask(theirs, "GET", "/page", again), ask(ours, "GET", "/page", again)
    check("what is still good is told so", (a["status"], b["status"], b["etag"], b["body"]) == (304, 304, 'W/"one"', b""), f"{a} {b}")
    head = ask(ours, "HEAD", "/page", {"Accept-Encoding": "gzip"})
    check("HEAD says what GET would", (head["status"], head["coding"], head["etag"]) == (200, "gzip", 'W/"one"'), head)


def events_arrive(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/events", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    check("events are compressed", answer.getheader("Content-Encoding") == "gzip")
    decoder, said = zlib.decompressobj(31), b""
    for i in range(5):
        wanted = b"".join(b"data: event %d\n\n" % n for n in range(i + 1))
        while said != wanted:  # read1 gives what has come
            said += decoder.decompress(answer.read1(4096))
            if not wanted.startswith(said):
                break
        check(f"event {i} is here before the next is sent", said == wanted, said)
        Application.next_event.release()
    check("and the stream ends", answer.read() is not None)
    connection.close()


def main():
    application = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    application.daemon_threads = True
    threading.Thread(target=application.serve_forever, args=(0.01,), daemon=True).start()
    with workplace() as work:
        scratch = "".join(f"{part}_temp_path {work}/{part};" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        port = port_to_keep()
        file = pathlib.Path(work) / "nginx.conf"
        file.write_text(CONF.format(scratch=scratch, app=application.server_address[1], port=port))
        run = subprocess.run([sys.argv[1], "import-nginx", "--json", str(file)], capture_output=True, text=True)
        imported = json.loads(run.stdout)
        lost = [note for note in imported["notes"] if note["kind"] != "unneeded" and "_temp_path" not in note["what"]]
        check("nothing of it is lost or changed", run.returncode == 0 and not lost, lost or run.stderr)
        config = imported["config"]
        config["process"] = {"workers": 1}
        config["listeners"][0]["bind"] = "127.0.0.1:0"
        for upstream in config["upstreams"].values():
            upstream.setdefault("health", {})["interval"] = "50ms"
        options = f"daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/nginx-error.log;"
        with Process(["nginx", "-c", file, "-g", options], work, "nginx") as nginx, Switchyard(sys.argv[1], work, config) as proxy:
            until("nginx", lambda: accepts(port) or not nginx.alive())
            proxy.healthy(*config["upstreams"])
            ours = int(proxy.status()["listeners"][0]["bound"].rsplit(":", 1)[1])
            compare(port, ours)
            events_arrive(ours)
            # Workers report once a second.
            def counted():
                sums = {k: v for k, v in proxy.sums().items() if k.startswith("switchyard_compress")}
                return sums if sum(v for k, v in sums.items() if k.startswith("switchyard_compressed_answers_total")) > 10 else None
            sums = until("more than ten compressed answers are counted", counted)
            shrunk = sum(v for k, v in sums.items() if "output_bytes" in k) < sum(v for k, v in sums.items() if "input_bytes" in k) / 2
            check("what was compressed is counted", shrunk, sums)
            explained = proxy.call("POST", "/v1/explain", {"method": "GET", "host": "a", "path": "/page", "headers": {"Accept-Encoding": "br, gzip"}})[1]
            check("explain says which coding a request gets", explained.get("encoding") == "gzip", explained)
            proxy.end()
    application.shutdown()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
