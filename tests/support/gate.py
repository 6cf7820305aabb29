"""A door between a client and a port: closed, every connection through it ends, and new ones are refused."""
import socket
import threading


class Gate:
    def __init__(self, port):
        self.to = port
        self.open = True
        self.held = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        with self.lock:
            if not self.open:
                client.close()
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                return
            pair = (client, server)
            self.held.add(pair)
        back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
        back.start()
        self.pump(client, server)
        back.join()
        with self.lock:
            self.held.discard(pair)
        client.close()
        server.close()

    @staticmethod
    def pump(source, to):
        try:
            while piece := source.recv(65536):
                to.sendall(piece)
        except OSError:
            pass
        for end in (source, to):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        with self.lock:
            self.open = False
            held = list(self.held)
        for pair in held:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def reopen(self):
        with self.lock:
            self.open = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.listener.close()
