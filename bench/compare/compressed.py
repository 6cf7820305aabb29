"""`scripts/bench compress`: gzip at the same level, nginx and Switchyard beside each other: pinned, interleaved."""
import random
import urllib.request

import comparing
import measures
import peers
from machine import Machine, free_port

LEVEL = 4
CONNECTIONS = 32
SIZES = {"4 KiB": 4096, "16 KiB": 16384, "64 KiB": 65536}
PLAN = {f"pages of {name}, gzip {LEVEL}": size for name, size in SIZES.items()}


def page(size):
    """Words as they come in text, and so about as much shrinking."""
    draw = random.Random(size)
    words = ["".join(draw.choice("etaoinshrdlucmfw") for _ in range(draw.randrange(2, 9))) for _ in range(700)]
    text = ""
    while len(text) < size:
        text += f"<p class=\"{draw.choice(words)}\">" + " ".join(words[int(700 * draw.random() ** 2)] for _ in range(12)) + "</p>\n"
    return text[:size].encode()


def start_pages(machine):
    folder, port = machine.work / "pages", free_port()
    folder.mkdir()
    for size in SIZES.values():
        (folder / str(size)).write_bytes(page(size))
    path = machine.work / "pages.conf"
    peers.write(path, "nginx-pages.conf.in", DIR=machine.work, PORT=port)
    started = machine.start("pages", ["nginx", "-c", path], measures.LOAD_PROCESSOR)
    machine.wait_listening(started, port)
    return port


def start_nginx(machine, options, endpoint):
    port, path = free_port(), machine.work / "nginx.conf"
    gzip = f"gzip on; gzip_comp_level {LEVEL}; gzip_types text/html; gzip_proxied any;"
    peers.write(path, "nginx-compare.conf.in", DIR=machine.work, PORT=port, FIRST=endpoint, SECOND=endpoint,
                LOCATIONS=f"        {gzip}\n        location / {{ proxy_pass http://app; }}")
    started = machine.start("nginx", ["nginx", "-c", path], measures.PROXY_PROCESSOR)
    started.port = port
    return started


def start_switchyard(machine, options, endpoint):
    return peers.start_switchyard(machine, options, {
        "upstreams": {"app": {"endpoints": [{"address": f"127.0.0.1:{endpoint}"}], "keepalive": {"max_idle": 512}}},
        "routes": [{"name": "all", "split": {"app": 100}, "compress": {"encodings": ["gzip"], "gzip_level": LEVEL}}]},
        measures.PROXY_PROCESSOR, workers=1, path=f"/{SIZES['4 KiB']}")


START = {"nginx": start_nginx, "switchyard": start_switchyard}


def octets(proxy, path):
    """Of a body as it comes."""
    request = urllib.request.Request(measures.url_of(proxy, path), headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        if answer.headers.get("Content-Encoding") != "gzip":
            raise RuntimeError("an answer is not compressed")
        return len(answer.read())


def measure(title, options, names):
    path = f"/{PLAN[title]}"
    rounds = {name: [] for name in names}
    with Machine() as machine:
        endpoint = start_pages(machine)
        proxies = {name: START[name](machine, options, endpoint) for name in names}
        for proxy in proxies.values():
            machine.wait_listening(proxy, proxy.port)
        sizes = {name: octets(proxy, path) for name, proxy in proxies.items()}
        load = ("--connections", CONNECTIONS, "-H", "Accept-Encoding: gzip")
        for turn in range(-1, options.rounds):  # one that is not measured
            order = list(names[turn % len(names):] + names[:turn % len(names)])
            for name in order:
                one = measures.per_processor_second(options, proxies[name], *load, path=path)
                if turn >= 0:
                    rounds[name].append(one)
    return {"unit": "req/cpu-s", "better": "more", "body": PLAN[title], "octets": sizes, "rounds": rounds,
            "summary": comparing.summary(rounds, "more")}


def add_arguments(parser):
    comparing.add_arguments(parser, START)


def run(options):
    return comparing.run_plan("compress", PLAN, measure, options, START)
