"""Pebble, the ACME server that is made for tests: an authority of one's own, on ports that were free.

It refuses half of all nonces unless told otherwise, looks at once at what it is told of, and forgets everything when it
ends. Names lead where the name server says that it is given."""
import json
import os
import pathlib
import shutil
import socket
import ssl
import threading
import urllib.request

from running import Process, port_to_keep, until, accepts


def is_there():
    return shutil.which("pebble") is not None


class Pebble(Process):
    """`made`: its own certificate for localhost (chain, key); `ca`: whom that is believed by."""

    def __init__(self, work, made, ca, dns, http_port, tls_port, port=None, refused_nonces=50, bindings=None, name="pebble"):
        self.port, self.management = port or port_to_keep(), port_to_keep()
        self.ca = pathlib.Path(ca)
        config = {"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": made["chain"], "privateKey": made["key"], "httpPort": http_port, "tlsPort": tls_port,
            "ocspResponderURL": "", "externalAccountBindingRequired": bindings is not None,
            "externalAccountMACKeys": bindings or {}}}
        file = pathlib.Path(work) / f"{name}-{os.urandom(3).hex()}.json"
        file.write_text(json.dumps(config))
        before = dict(os.environ)
        os.environ.update(PEBBLE_VA_NOSLEEP="1", PEBBLE_WFE_NONCEREJECT=str(refused_nonces), PEBBLE_AUTHZREUSE="0")
        try:
            super().__init__(["pebble", "-config", file, "-dnsserver", dns], work, name)
        finally:
            os.environ.clear()
            os.environ.update(before)
        until("pebble", lambda: accepts(self.port) and accepts(self.management))
        self.directory = f"https://localhost:{self.port}/dir"

    def root(self, to):
        """Whom its certificates are believed by, as a file; another one each time it is started."""
        context = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(f"https://localhost:{self.management}/roots/0", context=context, timeout=60) as answer:
            pathlib.Path(to).write_bytes(answer.read())
        return str(to)


class Wire:
    """What stands between a client and the authority, and counts what the client says: `heard(n)` is called before the
    n-th piece goes on."""

    def __init__(self, to):
        self.to, self.pieces, self.heard = to, 0, lambda n: None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to), 60)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, sink, counted):
        try:
            while piece := source.recv(65536):
                if counted:
                    self.pieces += 1
                    self.heard(self.pieces)
                sink.sendall(piece)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
