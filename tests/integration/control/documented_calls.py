#!/usr/bin/env python3
"""Every example of docs/admin-api.md, run in its order against a running Switchyard; every call of the API has one.

A ```sh block is run; a ```json block after it is the shape of its answer: what is written there must be there, with the
same type (and, for words that do not depend on the moment, the same value)."""
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Values that an example may promise literally.
LITERAL = {"generation", "previous", "status", "type", "title", "state", "route", "rule", "by", "upstream", "verb", "id", "op",
           "valid", "intact", "confirmed", "dry_run", "unchanged", "reason", "openapi"}


def blocks(text):
    """(kind, content) of every fenced block."""
    return re.findall(r"```(sh|json)\n(.*?)```", text, re.S)


def differs(shape, answer, place=""):
    """What of `shape` is not in `answer`; empty when it fits."""
    if isinstance(shape, dict):
        if not isinstance(answer, dict):
            return f"{place}: an object was expected, it is {answer!r}"
        for key, value in shape.items():
            if key not in answer:
                return f"{place}/{key}: is missing"
            if key in LITERAL and not isinstance(value, (dict, list)) and value != answer[key]:
                return f"{place}/{key}: is {answer[key]!r}, the document says {value!r}"
            found = differs(value, answer[key], f"{place}/{key}")
            if found:
                return found
        return ""
    if isinstance(shape, list):
        if not isinstance(answer, list):
            return f"{place}: a list was expected"
        if shape and not answer:
            return f"{place}: is empty"
        return differs(shape[0], answer[0], place + "/0") if shape else ""
    numbers = (int, float)
    if isinstance(shape, numbers) and not isinstance(shape, bool):
        return "" if isinstance(answer, numbers) else f"{place}: a number was expected"
    return "" if isinstance(answer, type(shape)) else f"{place}: {type(shape).__name__} was expected, it is {answer!r}"


def dangling(document, part):
    """References of an OpenAPI document that lead nowhere."""
    out = []
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            found = document
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found.get(step) if isinstance(found, dict) else None
            if found is None:
                out.append(part["$ref"])
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            out += dangling(document, each)
    return out


def main(program, yardbench):
    document = (ROOT / "docs/admin-api.md").read_text()
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, \
            running.Endpoint(yardbench, work, "green") as green:
        # The document's endpoints, as they are here.
        document = document.replace("127.0.0.1:9001", blue.address).replace("127.0.0.1:9002", green.address)
        config = running.blue_green([blue.address], [green.address], route="forum", rules=[
            {"name": "canary-header", "when": {"header": "X-Release", "equals": "canary"}, "upstream": "green"}])
        registry = pathlib.Path(work) / "shop.json"
        registry.write_text(json.dumps([green.address]))
        config["upstreams"]["shop"] = {"endpoints": [], "discover": {"file": {"path": str(registry)}}, "discovery": {"allow": ["127.0.0.0/8"]}}
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green", "shop")
            running.until("readiness", lambda: proxy.status()["ready"])
            environment = {"ADMIN": proxy.admin, "TOKEN": proxy.token, "PATH": "/usr/bin:/bin"}
            ran, failures, answer = 0, [], None
            for kind, content in blocks(document):
                if kind == "sh":
                    done = subprocess.run(["bash", "-c", content], env=environment, cwd=work, capture_output=True, text=True,
                                          timeout=running.DEADLINE)
                    answer, call = done.stdout, content.strip()
                    ran += 1
                    if not proxy.alive():
                        raise running.Failed(f"switchyard ended during\n{call}\n{proxy.text()[-3000:]}")
                    if not answer.strip() or answer.strip() == "0":
                        failures.append(f"{call}\n  answered nothing {done.stderr}")
                else:
                    try:
                        found = differs(json.loads(content), json.loads(answer))
                    except ValueError as error:
                        found = f"not JSON: {error}: {answer[:300]}"
                    if found:
                        failures.append(f"{call}\n  {found}\n  in {answer[:1500]}")
            # The table behind the OpenAPI document and this page name the same calls.
            api = proxy.call("GET", "/v1/openapi.json")[1]
            failures += [f"the OpenAPI document refers to {to}, which is not there" for to in dangling(api, api)]
            calls = {f"{method.upper()} {path}" for path, methods in api["paths"].items() for method in methods}
            named = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`?]*)`", document))
            failures += [f"{call} has no section in docs/admin-api.md" for call in sorted(calls - named)]
            for section in document.split("\n### ")[1:]:
                heading = section.split("\n", 1)[0]
                if section.count("```sh\n") < len(re.findall(r"`[A-Z]+ /", heading)):
                    failures.append(f"{heading} has a call without an example")
            failures += [f"docs/admin-api.md describes {call}, which is not in the table" for call in sorted(named - calls)]
    print(f"{ran} examples run, {len(failures)} failed")
    for failure in failures:
        print("---\n" + failure)
    return 1 if failures or ran < 25 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
