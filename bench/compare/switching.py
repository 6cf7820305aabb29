"""`scripts/bench switch`: the same load and the same switches through Switchyard, nginx and HAProxy."""
import json
import shutil
import subprocess

import facts
import peers
from machine import Machine, free_port


def endpoints(machine, options):
    ports = {}
    for colour in ("blue", "green"):
        started = machine.start(f"endpoint-{colour}", [options.yardbench, "endpoint", "--colour", colour,
                                                       "--body", "1024"])
        ports[colour] = int(machine.wait_said(started, "listening"))
    return ports


def through_nginx(machine, options, ports):
    port = free_port()
    for colour, endpoint in ports.items():
        peers.write(machine.work / f"nginx-{colour}.conf", "nginx-switch.conf.in", DIR=machine.work, PORT=port,
                    WORKERS=options.workers, ENDPOINT=endpoint)
    conf = machine.work / "nginx.conf"
    shutil.copy(machine.work / "nginx-blue.conf", conf)
    machine.wait_answering(machine.start("nginx", ["nginx", "-c", conf]), port)
    command = f"cp {machine.work}/nginx-{{to}}.conf {conf} && nginx -s reload -c {conf}"
    return port, ["--command", command]


def through_haproxy_socket(machine, options, ports):
    port = free_port()
    (machine.work / "live.map").write_text("app blue\n")
    config = machine.work / "haproxy.cfg"
    peers.write(config, "haproxy-socket.cfg.in", DIR=machine.work, PORT=port, WORKERS=options.workers,
                BLUE=ports["blue"], GREEN=ports["green"])
    machine.wait_answering(machine.start("haproxy", ["haproxy", "-f", config]), port)
    return port, ["--haproxy-socket", machine.work / "runtime.sock",
                  "--haproxy-line", f"set map {machine.work}/live.map app {{to}}"]


def through_haproxy_reload(machine, options, ports):
    port = free_port()
    for colour, endpoint in ports.items():
        peers.write(machine.work / f"haproxy-{colour}.cfg", "haproxy-reload.cfg.in", DIR=machine.work, PORT=port,
                    WORKERS=options.workers, ENDPOINT=endpoint)
    config, pid = machine.work / "haproxy.cfg", machine.work / "haproxy.pid"
    shutil.copy(machine.work / "haproxy-blue.cfg", config)
    machine.wait_answering(machine.start("haproxy", ["haproxy", "-W", "-f", config, "-p", pid]), port)
    # What Debian's own unit does for `systemctl reload haproxy`: check, then signal the master.
    command = f"cp {machine.work}/haproxy-{{to}}.cfg {config} && haproxy -c -q -f {config} && kill -USR2 $(cat {pid})"
    return port, ["--command", command]


def through_switchyard(machine, options, ports):
    started = peers.start_switchyard(machine, options, {
        "upstreams": {colour: {"endpoints": [{"address": f"127.0.0.1:{port}"}]} for colour, port in ports.items()},
        "routes": [{"name": "app", "debug_headers": True, "split": {"blue": 100, "green": 0}}]})
    return started.port, ["--admin", f"http://127.0.0.1:{started.admin}", "--route", "app",
                          "--token-file", started.token_file]


WAYS = {"switchyard": through_switchyard, "nginx-reload": through_nginx, "haproxy-socket": through_haproxy_socket,
        "haproxy-reload": through_haproxy_reload}


def measure(name, options):
    with Machine() as machine:
        port, how = WAYS[name](machine, options, endpoints(machine, options))
        done = subprocess.run(
            [options.yardbench, "switch", f"http://127.0.0.1:{port}/", "--rate", str(options.rate), "--connections",
             str(options.connections), "--times", str(options.times), "--every", f"{options.every_ms}ms", "--json",
             *map(str, how)], capture_output=True, text=True)
        if not done.stdout.startswith("{"):
            raise RuntimeError(f"yardbench switch through {name}: {done.stderr}")
        return json.loads(done.stdout)


def add_arguments(parser):
    parser.add_argument("--only", action="append", choices=WAYS, help="one of the ways; may be repeated")
    parser.add_argument("--rate", type=int, default=20000, help="requests per second")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--times", type=int, default=20, help="switches")
    parser.add_argument("--every-ms", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2, help="of every proxy")


def run(options):
    record = {"what": "switch", "command": facts.command(), "facts": facts.facts(options),
              "rate": options.rate, "connections": options.connections, "ways": {}}
    print(f"{'through':<16}{'switches':>9}{'answered in p50':>17}{'stale per switch':>18}{'for up to':>12}"
          f"{'failed per switch':>19}{'p99 ms':>9}")
    for name in options.only or WAYS:
        if not peers.available(name, options):
            print(f"{name:<16} not installed or not built: left out")
            continue
        got = measure(name, options)
        record["ways"][name] = got
        made = max(1, sum(one["ok"] for one in got["switches"]))
        print(f"{name:<16}{made:>9}{got['answered_in_ms']['p50']:>14.2f} ms{got['stale'] / made:>18.1f}"
              f"{got['stale_until_ms']:>9.1f} ms{got['failed'] / made:>19.2f}{got['load']['latency_ms']['p99']:>9.2f}",
              flush=True)
        for reason in got["invalid_because"]:
            print(f"  note: {reason}")
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    return record
