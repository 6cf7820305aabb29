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


def start_switchyard(machine, options, config, processors=None, workers=None):
    """Starts switchyard with `config` completed by process and listener; the result has port, admin and token_file."""
    state = machine.work / "state"
    port, admin = free_port(), free_port()
    whole = {"process": {"workers": workers or options.workers, "state_dir": str(state),
                         "admin": {"bind": f"127.0.0.1:{admin}"}},
             "listeners": [{"name": "web", "bind": f"127.0.0.1:{port}"}], **config}
    path = machine.work / "switchyard.json"
    path.write_text(json.dumps(whole, indent=2))
    state.mkdir(exist_ok=True)
    started = machine.start("switchyard", [options.switchyard, "run", "--config", path], processors)
    machine.wait_answering(started, port)
    machine.wait_listening(started, admin)
    started.port, started.admin, started.token_file = port, admin, state / "admin.token"
    return started
