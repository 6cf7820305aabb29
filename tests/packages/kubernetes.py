#!/usr/bin/env python3
"""The Kubernetes manifests: every field is one that Kubernetes has (kubernetes-validate of scripts/setup --api, for the newest release
it knows and for the oldest that the manifests are for), what refers to something finds it, and the proxy's configuration is right: it
becomes ready by its own probes, with nobody behind it and no name server."""
import collections
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

MANIFESTS = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes"
TOOLS = pathlib.Path(os.environ.get("SWITCHYARD_API_TOOLS", "/opt/switchyard-api-tools"))
OLDEST = "1.30"  # the first whose preStop can sleep by itself
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def fields_are_known(work):
    validate = TOOLS / "bin/kubernetes-validate"
    if not validate.exists():
        print(f"(there is no {validate}: fields are not compared with Kubernetes'; scripts/setup --api installs it)")
        return
    files = sorted(str(each) for each in MANIFESTS.glob("*.yaml"))
    for version in ([], ["-k", OLDEST]):
        done = subprocess.run([validate, "--strict", "--no-warn", *version, *files], capture_output=True, text=True)
        check(f"every field is known {version}", done.returncode == 0, done.stdout + done.stderr)
    mistaken = pathlib.Path(work) / "mistaken.yaml"
    mistaken.write_text((MANIFESTS / "forum.yaml").read_text().replace("failureThreshold", "failureTreshold"))
    done = subprocess.run([validate, "--strict", str(mistaken)], capture_output=True, text=True)
    check("a misspelt one is found", done.returncode != 0 and "failureTreshold" in done.stdout + done.stderr, done)


def documents():
    return [each for file in sorted(MANIFESTS.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text()) if each]


def fits(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def references_lead_somewhere(all_of):
    names = collections.Counter((each["kind"], each["metadata"]["name"]) for each in all_of)
    check("names are given once", max(names.values()) == 1, names)
    workloads = [each for each in all_of if each["kind"] in ("StatefulSet", "Deployment")]
    labels = {each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"] for each in workloads}
    ports = {each["metadata"]["name"]: {p["name"] for c in each["spec"]["template"]["spec"]["containers"] for p in c["ports"]} for each in workloads}
    for each in all_of:
        kind, name, spec = each["kind"], each["metadata"]["name"], each.get("spec", {})
        selector = {"Service": lambda: spec["selector"], "NetworkPolicy": lambda: spec["podSelector"]["matchLabels"],
                    "PodDisruptionBudget": lambda: spec["selector"]["matchLabels"]}.get(kind)
        if selector is None:
            continue
        chosen = [w for w in labels if fits(selector(), labels[w])]
        check(f"{kind} {name} chooses pods", chosen, selector())
        if kind == "Service":
            check(f"Service {name} leads to one workload's named ports", len(chosen) == 1 and {p["targetPort"] for p in spec["ports"]} <= ports[chosen[0]], spec)
        if kind == "NetworkPolicy":
            wanted = {p["port"] for rule in spec["ingress"] for p in rule["ports"]}
            check(f"NetworkPolicy {name} opens what its pods have", all(wanted <= ports[w] for w in chosen), wanted)
    for each in workloads:
        workload(each, names, ports[each["metadata"]["name"]])


def workload(each, names, ports):
    name, spec = each["metadata"]["name"], each["spec"]
    pod = spec["template"]["spec"]
    check(f"{name} selects its own pods", fits(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]))
    if each["kind"] == "StatefulSet":
        check(f"{name} has the service that it names", names["Service", spec["serviceName"]] == 1)
    volumes = {v["name"] for v in pod.get("volumes", [])} | {v["metadata"]["name"] for v in spec.get("volumeClaimTemplates", [])}
    for volume in pod.get("volumes", []):
        for kind, key, field in (("ConfigMap", "configMap", "name"), ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName")):
            if key in volume:
                check(f"{name}: {kind} {volume[key][field]} is there", names[kind, volume[key][field]] == 1)
    check(f"{name} runs as nobody", pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 65532)
    for container in pod["containers"]:
        safe = container["securityContext"]
        check(f"{name} may nothing", not safe["allowPrivilegeEscalation"] and safe["readOnlyRootFilesystem"] and safe["capabilities"] == {"drop": ["ALL"]}, safe)
        check(f"{name} mounts what there is", {m["name"] for m in container["volumeMounts"]} == volumes, volumes)
        for probe in PROBES:
            how = container.get(probe, {})
            check(f"{name} has a {probe}", "exec" in how or how.get("httpGet", {}).get("port") in ports, how)


def proxy_becomes_ready(program, work, all_of):
    config_map = next(each for each in all_of if each["kind"] == "ConfigMap")
    file = pathlib.Path(work) / "as_shipped.json"
    file.write_text(config_map["data"]["switchyard.json"])
    done = subprocess.run([program, "check", "--offline", str(file)], capture_output=True, text=True)
    check("the configuration is right", done.returncode == 0 and "warning" not in done.stdout + done.stderr, done)
    config = yaml.safe_load(file.read_text())
    services = {f"{s['metadata']['name']}.default.svc.cluster.local:{p['port']}" for s in all_of if s["kind"] == "Service" for p in s["spec"]["ports"]}
    upstreams = {e["address"] for upstream in config["upstreams"].values() for e in upstream["endpoints"]}
    check("its endpoints are Services", upstreams <= services, (upstreams, services))

    pod = next(each for each in all_of if each["kind"] == "StatefulSet")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    given = {p["name"]: p["containerPort"] for p in container["ports"]}
    check("its listeners are the pod's ports", {l["name"]: int(l["bind"].rsplit(":", 1)[1]) for l in config["listeners"]} == given, given)
    check("there is time to end in", pod["terminationGracePeriodSeconds"] > container["lifecycle"]["preStop"]["sleep"]["seconds"] + 30, pod)

    # Here, on ports that are free; an address without a name server asks for nothing outside.
    for listener in config["listeners"]:
        listener["bind"] = "127.0.0.1:0"
    config["process"]["resolver"] = {"servers": ["127.0.0.1:1"], "timeout": "100ms", "attempts": 1}
    with running.Switchyard(program, work, config) as proxy:
        probe = [program, *container["readinessProbe"]["exec"]["command"][1:], "--state-dir", str(proxy.state)]
        running.until("the readiness probe", lambda: subprocess.run(probe, capture_output=True).returncode == 0)
        alive = next(i for i, l in enumerate(config["listeners"]) if l["name"] == container["livenessProbe"]["httpGet"]["port"])
        with urllib.request.urlopen(proxy.url(alive) + container["livenessProbe"]["httpGet"]["path"], timeout=running.DEADLINE) as answer:
            check("the liveness probe", answer.status == 204, answer.status)
        try:
            urllib.request.urlopen(proxy.url(alive) + "/", timeout=running.DEADLINE)
            check("the probes' port serves nothing else", False)
        except urllib.error.HTTPError as error:
            check("the probes' port serves nothing else", error.code == 404, error.code)


def main():
    program = os.path.abspath(sys.argv[2])
    with running.workplace() as work:
        fields_are_known(work)
        if yaml is None:
            print("(there is no python3-yaml: what refers to what is not looked at)")
            return verdict()
        references_lead_somewhere(documents())
        proxy_becomes_ready(program, work, documents())
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
