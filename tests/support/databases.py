"""Database servers of a test's own: as a user who is not root, on a Unix socket, in a directory that goes with them.

    with mariadb() as server:
        server.fresh()      # the address of an empty database

A server that is not installed is a reason to skip a test, told loudly; where FORUM_ENGINES names it (as CI does), a failure."""
import atexit
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

DEADLINE = 60
PLAIN_USER = "nobody"  # the servers refuse root


def _as_plain_user(command):
    """The same command as a user that is not root and owns the directory."""
    if os.getuid() != 0:
        return command
    user = pwd.getpwnam(PLAIN_USER)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]


def _directory():
    directory = tempfile.mkdtemp(prefix="forum-db-")
    if os.getuid() == 0:
        user = pwd.getpwnam(PLAIN_USER)
        os.chown(directory, user.pw_uid, user.pw_gid)
    return directory


def find_program(name, *folders):
    """Its path; without it the test is skipped, or fails where FORUM_ENGINES wants its engine."""
    found = shutil.which(name) or next((os.path.join(f, name) for f in folders if os.path.exists(os.path.join(f, name))), None)
    if found is None:
        engine = "mariadb" if "maria" in name else "postgres"
        if engine in os.environ.get("FORUM_ENGINES", ""):
            raise RuntimeError(f"{name} is not installed, and FORUM_ENGINES wants it: scripts/setup")
        raise unittest.SkipTest(f"{name} is not installed (scripts/setup)")
    return found


class Mariadb:
    """One server. Killed, frozen and started again as a test wants it; what it keeps is on disk as it would be elsewhere."""

    # Tests kill the server and never the machine, so what was written and not synced is still there: a schema is made in a
    # tenth of a second in the place of two.
    UNSYNCED = ("--innodb-flush-method=nosync", "--sync-frm=0", "--innodb-file-per-table=0",
                "--innodb-use-native-aio=0")  # rings of many servers at a time are more than one user may have

    def __init__(self, *options, synced=False):
        self.options = [*(() if synced else self.UNSYNCED), *options]
        self.directory = _directory()
        self.socket = os.path.join(self.directory, "m.sock")
        assert len(self.socket) < 108
        self.process = None
        self.install = find_program("mariadb-install-db")
        self.program = find_program("mariadbd", "/usr/sbin")
        subprocess.run(_as_plain_user([self.install, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
                                       "--datadir=" + self.directory + "/data"]), check=True, capture_output=True)
        atexit.register(self.remove)
        self.start()

    def start(self, *more):
        self.process = subprocess.Popen(_as_plain_user([
            self.program, "--no-defaults", "--datadir=" + self.directory + "/data", "--socket=" + self.socket, "--skip-networking",
            "--pid-file=" + self.directory + "/m.pid", "--log-error=" + self.directory + "/m.err", "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=16M", *self.options, *more]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            restore_signals=False)  # SIGXFSZ stays ignored: a file that may not grow is an error and no end
        end = time.monotonic() + DEADLINE
        while self.ask("SELECT 1", check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.directory + "/m.err") as log:
                    raise RuntimeError("mariadbd did not start: " + log.read()[-2000:])
            time.sleep(0.02)

    def ask(self, sql, database="", check=True, user="root"):
        """What the server's own client prints: a line a row, columns apart by tabs."""
        done = subprocess.run(["mariadb", "--no-defaults", "--socket=" + self.socket, "--user=" + user, "--batch", "--skip-column-names",
                               "--default-character-set=utf8mb4", "-e", sql, *([database] if database else [])],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
        if check and done.returncode != 0:
            with open(self.directory + "/m.err") as log:
                raise RuntimeError(f"{sql}: {done.stderr}; the server's log ends with: {log.read()[-1500:]}")
        return done

    def rows(self, sql, database=""):
        return [tuple(line.split("\t")) for line in self.ask(sql, database).stdout.splitlines()]

    def fresh(self, collation="utf8mb4_nopad_bin", user="root", **options):
        """The address of a new, empty database."""
        name = "forum_" + secrets.token_hex(4)
        self.ask(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE {collation}")
        return self.address(name, user, **options)

    def address(self, name, user="root", **options):
        more = "".join(f"&{key.replace('_', '-')}={value}" for key, value in options.items())
        return f"mariadb://{user}@/{name}?socket={self.socket}{more}"

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def let_files_grow_to(self, size):
        """As a disk that is full, for files beyond that many bytes."""
        subprocess.run(_as_plain_user(["prlimit", f"--pid={self.process.pid}", f"--fsize={size}:unlimited"]), check=True)

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def mariadb(*options, synced=False):
    return Mariadb(*options, synced=synced)


class Postgres:
    """A server to prepare statements on."""

    FOLDER = "/usr/lib/postgresql/15/bin"

    def __init__(self):
        self.initdb = find_program("initdb", self.FOLDER)
        self.program = find_program("postgres", self.FOLDER)
        self.psql = find_program("psql", self.FOLDER)
        self.directory = _directory()
        atexit.register(self.remove)
        self.process = None
        subprocess.run(_as_plain_user([self.initdb, "-D", self.directory + "/data", "-U", "forum", "--auth=trust", "-E", "UTF8",
                                       "--locale=C", "--no-sync"]), check=True, capture_output=True, cwd=self.directory)
        self.process = subprocess.Popen(_as_plain_user([self.program, "-D", self.directory + "/data", "-k", self.directory,
                                                        "-c", "listen_addresses=", "-c", "fsync=off"]),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.directory)
        end = time.monotonic() + DEADLINE
        while self.run("SELECT 1").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("postgres did not start")
            time.sleep(0.02)

    def run(self, sql, database="postgres"):
        return subprocess.run([self.psql, "-h", self.directory, "-U", "forum", "-X", "-q", "-v", "ON_ERROR_STOP=0", database],
                              input=sql, capture_output=True, text=True, timeout=DEADLINE, check=False)

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(DEADLINE)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
