"""yardbench over HTTP/2 through Switchyard, in clear and by TLS, to an endpoint that counts by itself: requests agree to the
last one, and streams share their connections; who does not speak it is told so."""
import json
import pathlib
import subprocess
import sys
import unittest

from programs import programs

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from running import Endpoint, Switchyard, blue_green, workplace  # noqa: E402

OPTIONS = programs()


def certificate(work):
    chain, key = pathlib.Path(work) / "chain.pem", pathlib.Path(work) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=truth.test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain],
                   check=True, capture_output=True)
    return str(chain), str(key)


def load(url, *arguments):
    done = subprocess.run([OPTIONS.yardbench, "load", url, "--json", "--requests", "600", "--connections", "3", *arguments],
                          capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr


class Truth(unittest.TestCase):
    def through(self, listener, url, *arguments):
        with workplace() as work, Endpoint(OPTIONS.yardbench, work, "blue") as blue:
            chain, key = certificate(work)
            config = blue_green([blue.address], [blue.address])
            config["certificates"] = {"site": {"chain": chain, "key": key}}
            config["listeners"][0].update(listener)
            with Switchyard(OPTIONS.switchyard, work, config) as proxy:
                proxy.healthy("blue")
                port = proxy.url().rsplit(":", 1)[1]
                got = load(f"{url}127.0.0.1:{port}/", "--h2", "--streams", "20", *(a.replace("CA", chain) for a in arguments))
                blue.end()
            return got, json.loads(blue.text().splitlines()[-1])["requests"]

    def test_counts_agree(self):
        for listener, url, more in (({"protocols": ["h2"]}, "http://", ()), ({"tls": {"certificates": ["site"]}}, "https://", ("--ca", "CA"))):
            with self.subTest(url=url):
                got, seen = self.through(listener, url, *more)
                self.assertEqual(got["failed"], 0, got)
                self.assertEqual((got["whole_run"]["sent"], got["whole_run"]["answered"], seen), (600, 600, 600))
                self.assertEqual(got["reconnects"], 0)
                if more:
                    self.assertEqual(got["tls"]["full"], 3)

    def test_a_server_that_does_not_speak_it_serves_nothing(self):
        tls = {"tls": {"certificates": ["site"]}, "protocols": ["http/1.1"]}
        got, seen = self.through(tls, "https://")
        self.assertEqual((got["failures"]["refused"], seen), (600, 0), got)


if __name__ == "__main__":
    unittest.main()
