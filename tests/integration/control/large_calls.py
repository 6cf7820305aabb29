#!/usr/bin/env python3
"""Calls that are too large get their honest answer, whole, although the client was still sending; large ones that are
not are told to continue at once, and calls in a row on one connection are each answered."""
import json
import pathlib
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


def connect(proxy):
    host, port = proxy.admin.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), running.DEADLINE)


def read_all(connection):
    """The whole answer; the connection must end in order, not by a reset that could take the answer with it."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        return answer + b" (reset)"
    return answer


def problem_in(answer, status, kind):
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        problem = json.loads(body)
    except ValueError:
        return False
    return head.startswith(b"HTTP/1.1 %d " % status) and problem["type"].endswith(":" + kind) and problem["status"] == status


def too_large(proxy):
    with connect(proxy) as s:
        s.sendall(b"GET /v1/status HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")
        answer = read_all(s)
        check("a head of 20 KB: 431", problem_in(answer, 431, "head-too-large"), answer)
    for name, framing in (("announced", b"Content-Length: 9000000\r\n"), ("in chunks", b"Transfer-Encoding: chunked\r\n")):
        with connect(proxy) as s:
            s.sendall(b"PUT /v1/config HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n")
            body = b" " * 9_000_000 if name == "announced" else b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            answers = []
            reader = threading.Thread(target=lambda: answers.append(read_all(s)))
            reader.start()
            try:
                for _ in range(1 if name == "announced" else 140):
                    s.sendall(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it need not take what it has refused
            reader.join(running.DEADLINE)
            check(f"9 MB {name}: 413, although they are being sent", answers and problem_in(answers[0], 413, "too-large"), answers)
    with connect(proxy) as s:
        s.sendall(b"PUT /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
        answer = read_all(s)
        check("with Expect, 413 comes instead of 100", problem_in(answer, 413, "too-large"), answer)


def judged_beside(proxy):
    """A document of megabytes is judged beside everything else: small calls that come after it are answered before it."""
    document = proxy.call("GET", "/v1/config")[1]
    document.pop("process", None)
    some = next(iter(document["upstreams"].values()))
    document["upstreams"].update({f"u{i}": some for i in range(20_000)})
    body = json.dumps(document).encode()

    def answered_meanwhile():
        answers = []
        with connect(proxy) as s:
            s.sendall(b"POST /v1/config/check HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + proxy.token.encode() +
                      b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:-1])
            s.sendall(body[-1:])  # from here on it can be judged
            reader = threading.Thread(target=lambda: answers.append(read_all(s)))
            reader.start()
            small = 0
            while not answers:
                small += proxy.call("GET", "/healthz")[0] == 200 and not answers
            reader.join()
        check("a large document is found right", b'"valid": true' in answers[0], answers[0][:300])
        return small >= 3  # one or two may come before its last octets
    check(f"{len(body) >> 20} MiB are judged beside the rest", any(answered_meanwhile() for _ in range(5)))


def large_and_welcome(proxy, work):
    """curl announces bodies of more than 1 MiB with Expect and waits a second for the 100 that must come."""
    whole = proxy.call("GET", "/v1/config")[1]
    document = json.dumps(whole) + " " * (2 * 1024 * 1024)
    path = pathlib.Path(work) / "large.json"
    path.write_text(document)
    done = subprocess.run(["curl", "-sv", "--expect100-timeout", "30", "-X", "PUT", "-H", "Authorization: Bearer " + proxy.token,
                           proxy.admin + "/v1/config?dry_run=true", "-H", "Expect: 100-continue", "--data-binary", f"@{path}",
                           "-w", "\n%{time_total}"], capture_output=True, text=True, timeout=running.DEADLINE)
    body, _, took = done.stdout.rpartition("\n")
    check("2 MiB by curl are taken", json.loads(body or "{}").get("unchanged") is True, done.stdout + done.stderr)
    check("curl was told to continue", "< HTTP/1.1 100 Continue" in done.stderr, done.stderr)
    check("and did not wait for its own patience", float(took) < 20, took)  # 30 s without the 100
    # An HTTP/1.0 client must not get a 100, and one that sends at once gets its answer all the same.
    with connect(proxy) as s:
        s.sendall(b"POST /v1/config/check HTTP/1.0\r\nAuthorization: Bearer " + proxy.token.encode() +
                  b"\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        s.sendall(b"{}")
        answer = read_all(s)
        check("no 100 in HTTP/1.0", answer.startswith(b"HTTP/1.0 200 "), answer)


def pipelined(proxy):
    call = b"GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + proxy.token.encode() + b"\r\n"
    with connect(proxy) as s:
        s.sendall((call + b"\r\n") * 2 + call + b"Connection: close\r\n\r\n")
        check("three calls at once get three answers", read_all(s).count(b"HTTP/1.1 200 ") == 3)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            too_large(proxy)
            large_and_welcome(proxy, work)
            judged_beside(proxy)
            pipelined(proxy)
            check("it ends in order", proxy.end() == 0)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
