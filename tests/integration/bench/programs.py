"""What the tests of this folder share: where the programs are, and the processes of bench/compare/."""
import argparse
import pathlib
import sys

TREE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "bench" / "compare"))

from machine import Machine  # noqa: E402, F401


def programs():
    parser = argparse.ArgumentParser()
    parser.add_argument("--yardbench", type=pathlib.Path, required=True)
    parser.add_argument("--switchyard", type=pathlib.Path, required=True)
    options, rest = parser.parse_known_args()
    options.workers = 2
    sys.argv = [sys.argv[0], *rest]
    return options


def endpoint(machine, options, *arguments):
    started = machine.start("endpoint", [options.yardbench, "endpoint", *arguments])
    return started, int(machine.wait_said(started, "listening"))
