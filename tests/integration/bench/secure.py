"""yardbench over TLS against an endpoint that counts by itself: requests, full and resumed handshakes agree to the last
one; who is not believed is not asked."""
import json
import pathlib
import ssl
import socket
import subprocess
import threading
import unittest

from programs import Machine, programs

OPTIONS = programs()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok"


class SecureEndpoint:
    """Serves each connection on a thread of its own; counts what it sees."""

    def __init__(self, folder, versions):
        self.chain, self.key = folder / "chain.pem", folder / "key.pem"
        if not self.chain.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-subj", "/CN=truth.test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out", self.chain],
                           check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = versions
        self.context.load_cert_chain(self.chain, self.key)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.full = self.resumed = self.requests = self.refused = 0
        self.lock, self.threads, self.over = threading.Lock(), [], False

    def __enter__(self):
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()
        return self

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            if self.over:
                return connection.close()
            self.threads.append(threading.Thread(target=self.serve, args=(connection,)))
            self.threads[-1].start()

    def serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as connection:
                with self.lock:
                    if connection.session_reused:
                        self.resumed += 1
                    else:
                        self.full += 1
                while True:
                    head = b""
                    while not head.endswith(b"\r\n\r\n"):
                        more = connection.recv(65536)
                        if not more:
                            return
                        head += more
                    with self.lock:
                        self.requests += 1
                    closes = b"Connection: close" in head
                    connection.sendall(ANSWER % (b"Connection: close\r\n" if closes else b""))
                    if closes:
                        connection.unwrap()
                        return
        except (OSError, ssl.SSLError):
            with self.lock:
                self.refused += 1

    def __exit__(self, *_):
        self.over = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join()
        for thread in self.threads:
            thread.join()
        self.listener.close()


def load(endpoint, *arguments):
    done = subprocess.run([OPTIONS.yardbench, "load", f"https://127.0.0.1:{endpoint.port}/", "--json", "--requests", "200",
                           "--connections", "4", *arguments], capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr


class Truth(unittest.TestCase):
    def agree(self, endpoint, got):
        self.assertEqual(got["failed"], 0, got)
        self.assertEqual((got["whole_run"]["sent"], got["whole_run"]["answered"], endpoint.requests), (200, 200, 200))
        self.assertEqual((got["tls"]["full"], got["tls"]["resumed"]), (endpoint.full, endpoint.resumed))

    def test_kept_connections_shake_hands_once(self):
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            with self.subTest(version=version), Machine() as machine:
                with SecureEndpoint(pathlib.Path(machine.work), version) as endpoint:
                    got = load(endpoint)
                self.agree(endpoint, got)
                self.assertEqual(endpoint.full + endpoint.resumed, 4)

    def test_each_request_on_a_connection_of_its_own(self):
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            for full in (True, False):
                with self.subTest(version=version, full=full), Machine() as machine:
                    with SecureEndpoint(pathlib.Path(machine.work), version) as endpoint:
                        got = load(endpoint, "--close", *(["--full-handshakes"] if full else []))
                    self.agree(endpoint, got)
                    self.assertEqual(endpoint.full + endpoint.resumed, 200)
                    # Each of the four has nothing to come back by at first.
                    self.assertEqual(endpoint.resumed > 190, not full, (endpoint.full, endpoint.resumed))

    def test_who_is_not_believed_is_asked_nothing(self):
        with Machine() as machine:
            with SecureEndpoint(pathlib.Path(machine.work), ssl.TLSVersion.TLSv1_3) as endpoint:
                got = load(endpoint, "--ca", str(endpoint.chain))
                self.agree(endpoint, got)
                other = pathlib.Path(machine.work) / "other"
                other.mkdir()
                with SecureEndpoint(other, ssl.TLSVersion.TLSv1_3) as stranger:
                    got = load(stranger, "--ca", str(endpoint.chain))
                self.assertEqual(stranger.requests, 0)
                self.assertEqual(got["failures"].get("refused"), 200, got)


if __name__ == "__main__":
    unittest.main()
