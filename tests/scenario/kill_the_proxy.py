#!/usr/bin/env python3
"""Story: the proxy is killed (SIGKILL) at random moments while an operator switches without a pause. Each time it
comes back, the last generation that was acknowledged is in force: never an older one, and a newer one only if it was
the change whose answer the kill cut off.

usage: kill_the_proxy.py SWITCHYARD YARDBENCH [KILLS [SEED]]"""
import http.client
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Switchyard, blue_green, workplace  # noqa: E402


def switch_until_cut(proxy, acknowledged, stop):
    """Switches back and forth; `acknowledged` holds (generation, colour) of the last answer that was read."""
    colours = ["green", "blue"]
    turn = 0
    while not stop.is_set():
        colour = colours[turn % 2]
        try:
            status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": colour, "force": True})
        except (OSError, http.client.HTTPException, ValueError):
            return
        if status == 200:
            acknowledged[:] = [(receipt["generation"], colour)]
        turn += 1


def main():
    switchyard, yardbench = sys.argv[1:3]
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 20260101
    dice = random.Random(seed)
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        config = blue_green([blue.address], [green.address])
        acknowledged = [(1, "blue")]
        cut_off = 0
        for kill in range(kills):
            with Switchyard(switchyard, work, config if kill == 0 else None, name=f"switchyard-{kill}") as proxy:
                generation = proxy.status()["generation"]
                split = proxy.status()["routes"][0]["split"]
                promised, colour = acknowledged[-1]
                if generation not in (promised, promised + 1):
                    raise Failed(f"kill {kill}, seed {seed}: generation {promised} was acknowledged, {generation} is in force")
                if generation == promised:
                    if split.get(colour, 0) == 0:
                        raise Failed(f"kill {kill}: generation {promised} switched to {colour}, but the split is {split}")
                else:
                    cut_off += 1
                stop = threading.Event()
                operator = threading.Thread(target=switch_until_cut, args=(proxy, acknowledged, stop))
                operator.start()
                time.sleep(dice.uniform(0.005, 0.15))  # the moment of the kill: random on purpose, nothing waits for it
                proxy.kill()
                stop.set()
                operator.join()
                if acknowledged[-1][0] < generation:
                    acknowledged[:] = [(generation, max(split, key=split.get))]
        print(f"{kills} kills: the last acknowledged generation was in force each time "
              f"({cut_off} times with the change whose answer was cut off)")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
