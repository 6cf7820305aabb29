#!/usr/bin/env python3
"""32 operators change the same configuration at once, each with If-Match: the history is linear, no update is lost,
every 200 is true."""
import http.client
import json
import pathlib
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402

WRITERS = 32


def writer(number, proxy, end, done, problems):
    where = urllib.parse.urlparse(proxy.admin)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=running.DEADLINE)
    headers = {"Authorization": "Bearer " + proxy.token}
    known = 1
    while time.monotonic() < end:
        mark = number * 3000 + len(done[number]) + 1  # a weight that only this writer sets
        connection.request("PUT", "/v1/routes/app/split", json.dumps({"blue": 1, "green": 1, "mark": mark}),
                           {**headers, "If-Match": f'"{known}"'})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status == 200:
            if body["previous"] != known or body["adopted"]["workers"] != body["adopted"]["of"]:
                problems.append(f"a 200 that is not true: {body}")
            done[number].append((body["generation"], mark))
            known = body["generation"]
        elif answer.status == 412:
            known = body["generation"]
        else:
            problems.append(f"{answer.status}: {body}")
            return


def main(program, yardbench, seconds="4"):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        config = running.blue_green([blue.address], [blue.address])
        config["upstreams"]["mark"] = {"endpoints": [{"address": blue.address}]}
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue")
            done, problems = [[] for _ in range(WRITERS)], []
            end = time.monotonic() + float(seconds)
            threads = [threading.Thread(target=writer, args=(n, proxy, end, done, problems)) for n in range(WRITERS)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            made = dict(pair for one in done for pair in one)
            total = sum(len(one) for one in done)
            newest = proxy.status()["generation"]
            if total != len(made) or sorted(made) != list(range(2, newest + 1)):
                problems.append(f"{total} changes were answered, generations {len(made)}, newest {newest}")
            # Each generation holds exactly what its writer asked for, made from the one before.
            for generation in sorted(made)[:: max(1, len(made) // 200)]:
                found = proxy.call("GET", f"/v1/generations/{generation}")[1]
                if found["parent"] != generation - 1 or found["config"]["routes"][0]["split"]["mark"] != made[generation]:
                    problems.append(f"generation {generation} is not what was answered")
            verdict = proxy.call("GET", "/v1/audit/verify")[1]
            if not verdict["intact"] or verdict["entries"] != newest:
                problems.append(f"audit: {verdict}")
    print(f"{total} changes by {WRITERS} writers in {seconds} s ({total / float(seconds):.0f}/s), {len(problems)} problems")
    for problem in problems[:10]:
        print("  " + problem)
    return 1 if problems or total < WRITERS else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
