"""The proxies that are compared: where their configurations come from and how each is started."""
import json
import pathlib
import re
import shutil

from machine import free_port

CONFIGS = pathlib.Path(__file__).resolve().parents[1] / "peers"


def write(path, template, **values):
    """A configuration from bench/peers/, with every @NAME@ filled in."""
    text = (CONFIGS / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    left = re.findall(r"@[A-Z]+@", text)
    if left:
        raise RuntimeError(f"{template}: no value for {', '.join(left)}")
    path.write_text(text)


def available(name, options):
    program = name.split("-")[0]
    if program == "switchyard":
        return options.switchyard is not None
    return shutil.which(program) is not None or pathlib.Path(f"/usr/sbin/{program}").exists()


def start_switchyard(machine, options, config, processors=None, workers=None, path="/"):
    """Starts switchyard with `config` completed by process and listener; the result has port, admin and token_file."""
    state = machine.work / "state"
    port, admin = free_port(), free_port()
    whole = {"process": {"workers": workers or options.workers, "state_dir": str(state),
                         "admin": {"bind": f"127.0.0.1:{admin}"}},
             "listeners": [{"name": "web", "bind": f"127.0.0.1:{port}"}], **config}
    file = machine.work / "switchyard.json"
    file.write_text(json.dumps(whole, indent=2))
    state.mkdir(exist_ok=True)
    started = machine.start("switchyard", [options.switchyard, "run", "--config", file], processors)
    if path is not None:
        machine.wait_answering(started, port, path)
    machine.wait_listening(started, admin)
    started.port, started.admin, started.token_file = port, admin, state / "admin.token"
    return started


def many(count):
    """The path prefixes of a configuration with many routes."""
    return [f"/service-{number:04d}/" for number in range(count)]


def start_nginx(machine, options, endpoints, processors, routes):
    port = free_port()
    paths = many(routes) if routes else ["/"]
    path = machine.work / "nginx.conf"
    write(path, "nginx-compare.conf.in", DIR=machine.work, PORT=port, FIRST=endpoints[0], SECOND=endpoints[1],
          LOCATIONS="\n".join(f"        location {one} {{ proxy_pass http://app; }}" for one in paths))
    started = machine.start("nginx", ["nginx", "-c", path], processors)
    started.port = port
    return started


def start_haproxy(machine, options, endpoints, processors, routes):
    port = free_port()
    path = machine.work / "haproxy.cfg"
    rules = ""
    if routes:
        (machine.work / "routes.map").write_text("".join(f"{one} app\n" for one in many(routes)))
        rules = f"    use_backend %[path,map_beg({machine.work}/routes.map)]"
    write(path, "haproxy-compare.cfg.in", PORT=port, FIRST=endpoints[0], SECOND=endpoints[1], RULES=rules)
    started = machine.start("haproxy", ["haproxy", "-f", path], processors)
    started.port = port
    return started


def start_switchyard_plain(machine, options, endpoints, processors, routes):
    matches = [{"path_prefix": one} for one in many(routes)] if routes else [{}]
    return start_switchyard(machine, options, {
        "upstreams": {"app": {"endpoints": [{"address": f"127.0.0.1:{port}"} for port in endpoints],
                              "keepalive": {"max_idle": 512}}},
        "routes": [{"name": f"route-{number}", "match": match, "split": {"app": 100}}
                   for number, match in enumerate(matches)]}, processors, workers=1, path=many(routes)[-1] if routes else "/")


START = {"nginx": start_nginx, "haproxy": start_haproxy, "switchyard": start_switchyard_plain}


def start(name, machine, options, endpoints, processors, routes=0):
    """A proxy in front of the two endpoints, pinned, with one worker, answering."""
    started = START[name](machine, options, endpoints, processors, routes)
    machine.wait_answering(started, started.port, (many(routes)[-1] if routes else "/"))
    return started
