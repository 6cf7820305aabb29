"""yardbench as a program: exit codes that a pipeline can gate on, counts that agree with the endpoint's own."""
import json
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from programs import Machine, endpoint, programs

OPTIONS = programs()


class OddEndpoint:
    """Answers every request with the same bytes and closes the connection."""

    def __init__(self, answer):
        self.answer, self.requests = answer, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                begun = b""
                while not begun.endswith(b"\r\n\r\n"):
                    more = connection.recv(65536)
                    if not more:
                        break
                    begun += more
                if begun == b"end\r\n\r\n":
                    return
                if begun:
                    self.requests += 1
                    connection.sendall(self.answer)

    def __exit__(self, *_):
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"end\r\n\r\n")
        self.thread.join()
        self.listener.close()


def yardbench(*arguments):
    return subprocess.run([OPTIONS.yardbench, *map(str, arguments)], capture_output=True, text=True, timeout=120)


class CommandLine(unittest.TestCase):
    def test_expectations_decide_the_exit_code(self):
        with Machine() as machine:
            _, port = endpoint(machine, OPTIONS, "--delay", "20ms")
            url = f"http://127.0.0.1:{port}/"
            for expect, code in (("p50=10s,errors=0%", 0), ("p50=1ms", 1), ("rate=1000000", 1)):
                with self.subTest(expect):
                    done = yardbench("load", url, "--rate", "100", "-d", "500ms", "--warm-up", "0s", "--expect", expect)
                    self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    def test_usage_errors_are_two_and_name_the_cure(self):
        for arguments, word in ((["load"], "url"), (["load", "ftp://x/"], "http://"),
                                (["load", "http://127.0.0.1:1/", "-d", "soon"], "500ms"),
                                (["load", "http://127.0.0.1:1/", "--expect", "speed=9"], "p99=20ms"),
                                (["load", "http://127.0.0.1:1/", "--expect", "rate=nan"], "no number"),
                                (["load", "http://127.0.0.1:99999/"], "1 to 65535"),
                                (["load", "http://me:pw@127.0.0.1:1/"], "--header"),
                                (["load", "http://127.0.0.1:1/a b"], "%20"),
                                (["load", "http://127.0.0.1:1/", "-d", "1e300s"], "500ms"),
                                (["load", "http://127.0.0.1:1/", "--timeout", "0s"], "--timeout"),
                                (["load", "http://127.0.0.1:1/", "-c", "4000000000"], "1000000 connections"),
                                *((["load", "http://127.0.0.1:1/", "--rate", rate], "5000")
                                  for rate in ("0", "-5", "nan", "inf", "1e300", "many")),
                                (["load", "http://127.0.0.1:1/", "--rate", "9", "--rate-from", "1"], "--ramp"),
                                (["load", "http://127.0.0.1:1/", "-n", "0"], "--requests"),
                                (["load", "http://127.0.0.1:1/", "-H", "no colon"], "Name: value"),
                                (["load", "http://127.0.0.1:1/", "-H", "A: b\r\nC: d"], "Name: value"),
                                (["load", "http://127.0.0.1:1/", "-X", "GET /x"], "one word"),
                                (["load", "http://127.0.0.1:1/", "-X", ""], "one word"),
                                (["capacity", "http://127.0.0.1:1/", "--first", "0"], "--first"),
                                (["capacity", "http://127.0.0.1:1/", "--precision", "0"], "--precision"),
                                (["capacity", "http://127.0.0.1:1/", "--rate", "5"], "--first"),
                                (["endpoint", "--status", "99"], "--status"),
                                (["endpoint", "--stall-every", "1s"], "--stall-for"),
                                (["faults", "http://127.0.0.1:1/", "--gate", "a=x:127.0.0.1:1", "--at", "1s a cut"], "PORT"),
                                (["faults", "http://127.0.0.1:1/", "--gate", "a=0:127.0.0.1:1", "--at", "10s a cut"], "--duration"),
                                (["faults", "http://127.0.0.1:1/", "--gate", "a=0:127.0.0.1:1", "--at", "1s a cut now"], "no fault"),
                                (["faults", "http://127.0.0.1:1/", "--gate", "a=0:127.0.0.1:1", "--gate", "a=0:127.0.0.1:1"],
                                 "already"),
                                (["switch", "http://127.0.0.1:1/"], "--admin"),
                                (["faults", "http://127.0.0.1:1/", "--at", "1s app cut"], "--gate")):
            with self.subTest(arguments):
                done = yardbench(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(word, done.stderr)

    def test_a_number_of_requests_is_measured_from_the_first(self):
        with Machine() as machine:
            _, port = endpoint(machine, OPTIONS)
            done = yardbench("load", f"http://127.0.0.1:{port}?x=1#there", "-n", "10", "--json", "--expect", "p50=10s,rate=1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["finished"], 10)

    def test_a_run_that_measured_nothing_says_so(self):
        with Machine() as machine:
            _, port = endpoint(machine, OPTIONS)
            done = yardbench("load", f"http://127.0.0.1:{port}/", "-n", "10", "--warm-up", "1m", "--json")
        self.assertFalse(json.loads(done.stdout)["valid"])

    def test_odd_answers_are_counted_as_what_they_are(self):
        answers = {"malformed": (b"hello world\r\n", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"HTTP/1.1 2000 OK\r\n\r\n",
                                 b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!"),
                   "closed_early": (b"", b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"),
                   None: (b"HTTP/1.1 103 x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok",
                          b"HTTP/1.1 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 2\r\n\r\nok")}
        for failure, texts in answers.items():
            for text in texts:
                with self.subTest(text), OddEndpoint(text) as odd:
                    got = json.loads(yardbench("load", f"http://127.0.0.1:{odd.port}/", "-c", "2", "-n", "20", "--json").stdout)
                    self.assertEqual(got["whole_run"]["failures"], {failure: 20} if failure else {})
                    self.assertEqual(got["whole_run"]["sent"], odd.requests)

    def test_the_counts_are_the_endpoints_own(self):
        with Machine() as machine:
            started, port = endpoint(machine, OPTIONS)
            got = json.loads(yardbench("load", f"http://127.0.0.1:{port}/", "--json", "-d", "500ms", "-t", "2").stdout)
            started.process.send_signal(signal.SIGTERM)
            started.process.wait(20)
            counted = json.loads(started.said().splitlines()[-1])
        self.assertEqual(got["whole_run"]["sent"], counted["requests"])
        self.assertEqual(got["whole_run"]["answered"], counted["requests"])
        self.assertEqual(counted["connections"], 64)

    def test_an_interrupt_prints_what_there_is(self):
        with Machine() as machine:
            _, port = endpoint(machine, OPTIONS)
            running = subprocess.Popen([OPTIONS.yardbench, "load", f"http://127.0.0.1:{port}/", "-d", "1h", "--rate", "500",
                                        "--warm-up", "0s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            # The first progress line says that the run is under way and the handler in place.
            running.stderr.readline()
            running.send_signal(signal.SIGINT)
            begun = time.monotonic()
            said, _ = running.communicate(timeout=30)
        self.assertLess(time.monotonic() - begun, 20)
        self.assertIn("interrupted", said)
        self.assertIn("latency   p50", said)

    def test_a_scenario_that_was_interrupted_says_so_and_has_not_held(self):
        with Machine() as machine, tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            _, port = endpoint(machine, OPTIONS)
            json.dump({"groups": [{"mix": [{"name": "read", "path": "/"}]}]}, file)
            file.flush()
            running = subprocess.Popen([OPTIONS.yardbench, "scenario", f"http://127.0.0.1:{port}/", "-s", file.name, "--users", "2,3",
                                        "-d", "1h", "--warm-up", "0s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while "think time" in running.stderr.readline():
                pass  # what it says before it begins
            running.send_signal(signal.SIGINT)
            said, _ = running.communicate(timeout=30)
        self.assertIn("1 of 2 stages", said)
        self.assertEqual(running.returncode, 1)

    def test_a_gate_shows_its_faults_phase_by_phase(self):
        with Machine() as machine:
            _, port = endpoint(machine, OPTIONS)
            # The gate takes any free port of its own; load goes straight to the endpoint here, so only the phases count.
            done = yardbench("faults", f"http://127.0.0.1:{port}/", "--json", "--rate", "200", "-d", "1s", "--warm-up", "0s",
                             "--gate", f"app=0:127.0.0.1:{port}", "--at", "300ms app refuse", "--at", "600ms app pass")
            seen = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([phase["fault"] for phase in seen["phases"]], ["none", "app refuse", "app pass"])
        # On a busy machine the last ones due may not get their turn before the end; they are told, not forgotten.
        self.assertEqual(sum(phase["latency_ms"]["count"] for phase in seen["phases"]) + seen["load"]["unsent"], 200)


if __name__ == "__main__":
    unittest.main()
