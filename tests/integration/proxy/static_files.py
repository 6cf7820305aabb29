#!/usr/bin/env python3
"""Files of a route beside nginx's: the same requests to both before the same folder, with `static` in place of root, alias, index,
try_files and gzip_static. Status, body, Location's path, Content-Range, Last-Modified, ETag and Content-Encoding are the same; what
differs is meant: names that begin with a dot, links that lead out, and a range whose end is before its beginning.

usage: static_files.py SWITCHYARD"""
import gzip
import http.client
import os
import pathlib
import socket
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from checks import check, verdict  # noqa: E402
from running import Process, Switchyard, accepts, port_to_keep, until, workplace  # noqa: E402

CONF = """worker_processes 1; daemon off; error_log {work}/nginx.err; pid {work}/nginx.pid; {user}
events {{}}
http {{
    access_log off; {scratch}
    types {{ text/html html; text/css css; application/octet-stream bin; text/plain txt; }}
    server {{
        listen 127.0.0.1:{port}; absolute_redirect off; max_ranges 1;
        location / {{ root {root}; }}
        location /a/ {{ alias {root}/assets/; gzip_static on; }}
        location /app/ {{ root {root}; try_files $uri $uri/ /app/index.html; }}
        location /strict/ {{ root {root}; try_files $uri $uri/ =404; }}
    }}
}}
"""
PATHS = ["/", "/index.html", "/page.html", "/large.bin", "/empty.txt", "/none", "/none/", "/sub", "/sub/", "/sub?x=1", "/bare", "/bare/", "/page.html/", "/page.html/x",
         "/sp%20ace.txt", "/%73ub/", "/sub/../page.html", "/sub%2fpage.html", "/a/site.css", "/a/", "/a/none", "/a/page.html", "/app/", "/app/view", "/app/deep/view.txt",
         "/app/real.txt", "/strict/", "/strict/none", "/strict/real.txt", "/inside.txt", "/forbidden.txt", "/pipe"]
FIELDS = [{}, {"Range": "bytes=0-3"}, {"Range": "bytes=-5"}, {"Range": "bytes=3-"}, {"Range": "bytes=9999999-"}, {"Range": "bytes=0-0,2-3"}, {"Range": "lines=1-2"},
          {"Accept-Encoding": "gzip"}, {"If-None-Match": '"other"'}, {"If-None-Match": "ETAG"}, {"If-None-Match": "W/ETAG"}, {"If-None-Match": "*"},
          {"If-Modified-Since": "DATE"}, {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"}, {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"},
          {"If-Match": '"other"'}, {"If-Match": "ETAG"}, {"Range": "bytes=1-2", "If-Range": "ETAG"}, {"Range": "bytes=1-2", "If-Range": '"other"'}, {"Range": "bytes=1-2", "If-Range": "DATE"}]
COMPARED = ["Content-Range", "Last-Modified", "ETag", "Content-Encoding"]


def ask(port, method, path, fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in fields.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    out = {"status": answer.status}
    if answer.status < 400:  # each says in its own words what went wrong
        out["body"] = body
        out.update({name: answer.getheader(name) for name in COMPARED})
    if answer.status == 301:
        out = {"status": 301, "to": urllib.parse.urlsplit(answer.getheader("Location")).path + "?" + urllib.parse.urlsplit(answer.getheader("Location")).query}
    connection.close()
    return out


def fill(root):
    for name, text in {"index.html": "<h1>top</h1>", "page.html": "<p>page</p>" * 40, "empty.txt": "", "sp ace.txt": "space", "sub/index.html": "below", "sub/page.html": "sub page",
                       "bare/x.txt": "x", "assets/site.css": "a { color: red }\n" * 50, "assets/index.html": "assets", "assets/page.html": "plain", "app/index.html": "the app",
                       "app/real.txt": "real", "strict/index.html": "strict", "strict/real.txt": "real", "forbidden.txt": "nothing", ".hidden": "hidden"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "large.bin").write_bytes(bytes(i * i % 251 for i in range(300_000)))
    (root / "assets/site.css.gz").write_bytes(gzip.compress((root / "assets/site.css").read_bytes(), mtime=0))
    (root / "inside.txt").symlink_to("page.html")
    (root / "out.txt").symlink_to("/etc/hostname")


def main():
    with workplace() as work:
        os.chmod(work, 0o755)
        root = pathlib.Path(work) / "www"
        root.mkdir()
        fill(root)
        port = port_to_keep()
        scratch = " ".join(f"{each}_temp_path {work}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = pathlib.Path(work) / "nginx.conf"
        conf.write_text(CONF.format(work=work, root=root, port=port, scratch=scratch, user="user root;" if os.geteuid() == 0 else ""))

        def at(prefix, **static):
            return {"name": prefix.strip("/") or "top", "match": {"path_prefix": prefix}, "static": static}

        config = {
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "routes": [at("/", root=str(root)), at("/a/", alias=str(root / "assets"), precompressed=["gzip"]), at("/app/", root=str(root), fallback="/app/index.html"), at("/strict/", root=str(root))],
        }
        with Process(["nginx", "-c", conf], work, "nginx"), Switchyard(sys.argv[1], work, config) as proxy:
            until("nginx", lambda: accepts(port))
            ours = int(proxy.status()["listeners"][0]["bound"].rsplit(":", 1)[1])
            asked, wrong = 0, []
            for path in PATHS:
                plain = ask(port, "GET", path, {})
                for method in ("GET", "HEAD"):
                    for fields in FIELDS:
                        sent = {}
                        for name, value in fields.items():
                            value = value.replace("ETAG", plain.get("ETag") or '"x"').replace("DATE", plain.get("Last-Modified") or "Thu, 01 Jan 1970 00:00:01 GMT")
                            sent[name] = value
                        if method == "HEAD" and "Range" in sent:
                            continue  # nginx answers HEAD in parts, which RFC 9110 leaves to GET
                        if path == "/empty.txt" and "Range" in sent:
                            continue  # nothing has no part: here it is always the whole, in nginx the whole or 416
                        theirs, mine = ask(port, method, path, sent), ask(ours, method, path, sent)
                        asked += 1
                        if theirs != mine:
                            wrong.append((method, path, sent, {k: (v if not isinstance(v, bytes) else v[:40]) for k, v in theirs.items()}, {k: (v if not isinstance(v, bytes) else v[:40]) for k, v in mine.items()}))
            check(f"{asked} requests, and each the same answer", not wrong, "\n".join(map(str, wrong[:12])) + f"\n{len(wrong)} in all")
            for method in ("POST", "PUT", "DELETE"):
                check(f"{method} is no method of a file's", ask(port, method, "/page.html", {"Content-Length": "0"})["status"] == ask(ours, method, "/page.html", {"Content-Length": "0"})["status"] == 405)
            backwards = ask(ours, "GET", "/page.html", {"Range": "bytes=5-2"})
            check("a range that ends before it begins is none (RFC 9110; nginx: 416)", backwards["status"] == 200, backwards)
            check("a name that begins with a dot is not shown", ask(ours, "GET", "/.hidden", {})["status"] == 404)
            check("a link that leads out is not followed", ask(ours, "GET", "/out.txt", {})["status"] == 404)
            os.mkfifo(root / "pipe")
            check("a pipe is not waited for", ask(ours, "GET", "/pipe", {})["status"] == 404)
            # A client that reads nothing of a large file keeps no other from its own.
            (root / "huge.bin").write_bytes(b"x" * 30_000_000)
            slow = [socket.create_connection(("127.0.0.1", ours)) for _ in range(20)]
            for each in slow:
                each.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            check("clients that read nothing hold up no other", all(ask(ours, "GET", "/page.html", {})["status"] == 200 for _ in range(50)))
            for each in slow:
                each.close()
            check("and a large one comes as a whole", ask(ours, "GET", "/huge.bin", {})["body"] == b"x" * 30_000_000)
            proxy.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
