"""Clients who send a body one byte a second, all in the same moment: usage: slow_clients.py PORT COUNT SECONDS. Ends by itself."""
import socket
import sys
import time

HEAD = (b"POST /api/v1/login HTTP/1.1\r\nHost: forum\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n")


def connected(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(HEAD)
    return connection


def main():
    port, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    ends = time.monotonic() + seconds
    slow = [connected(port) for _ in range(count)]
    print("all connected", flush=True)
    turn = time.monotonic()
    while turn < ends:
        for number, connection in enumerate(slow):
            try:
                connection.send(b"{")
            except OSError:  # given up by the forum: the next one
                connection.close()
                slow[number] = connected(port)
        turn += 1
        time.sleep(max(0.0, turn - time.monotonic()))


if __name__ == "__main__":
    main()
