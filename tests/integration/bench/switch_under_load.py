"""Switches under load: none of the requests is lost or stale through Switchyard; and the instrument that says so does
see them through nginx, where a reload is no promise."""
import json
import os
import shutil
import subprocess
import unittest

from programs import Machine, programs

import peers
import switching

OPTIONS = programs()
RATE = os.environ.get("SWITCHYARD_TEST_RATE", "4000")  # requests a second


def switch(port, how, *arguments):
    done = subprocess.run([OPTIONS.yardbench, "switch", f"http://127.0.0.1:{port}/", "--json", "--connections", "64",
                           *arguments, *map(str, how)], capture_output=True, text=True, timeout=200)
    return done.returncode, json.loads(done.stdout)


class SwitchUnderLoad(unittest.TestCase):
    def test_a_switch_through_switchyard_loses_nothing_and_nothing_is_stale(self):
        with Machine() as machine:
            port, how = switching.through_switchyard(machine, OPTIONS, switching.endpoints(machine, OPTIONS))
            code, seen = switch(port, how, "--rate", RATE, "--times", "100", "--every", "30ms", "--settle", "300ms")
        self.assertEqual((seen["failed"], seen["stale"], seen["refused_switches"], seen["unjudged"]), (0, 0, 0, 0),
                         [one for one in seen["switches"] if one["stale"] or one["failed"] or not one["ok"]])
        self.assertEqual(code, 0)
        self.assertEqual(len(seen["switches"]), 100)
        generations = [one["generation"] for one in seen["switches"]]
        self.assertEqual(generations, sorted(set(generations)))
        self.assertGreater(min(one["sent_after"] for one in seen["switches"][:-1]) + seen["requests"], 1000)

    def test_a_stale_request_is_seen_when_there_is_one(self):
        self.assertTrue(shutil.which("nginx") or peers.available("nginx", OPTIONS), "scripts/setup installs nginx")
        with Machine() as machine:
            port, how = switching.through_nginx(machine, OPTIONS, switching.endpoints(machine, OPTIONS))
            code, seen = switch(port, how, "--rate", "2000", "--times", "4", "--every", "500ms")
        self.assertEqual(seen["refused_switches"], 0)
        self.assertGreater(seen["stale"], 0)
        self.assertEqual(code, 1)


if __name__ == "__main__":
    unittest.main()
