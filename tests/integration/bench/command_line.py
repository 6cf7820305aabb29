"""yardbench as a program: exit codes that a pipeline can gate on, counts that agree with the endpoint's own."""
import json
import signal
import subprocess
import time
import unittest

from programs import Machine, endpoint, programs

OPTIONS = programs()


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
                                (["switch", "http://127.0.0.1:1/"], "--admin"),
                                (["faults", "http://127.0.0.1:1/", "--at", "1s app cut"], "--gate")):
            with self.subTest(arguments):
                done = yardbench(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(word, done.stderr)

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
