#!/usr/bin/env python3
"""The configuration file with watch_file: what is written to it is taken over, a broken file is refused and the one in
force stays, a file renamed over it is seen, and so is a link that is put to another file; neighbours are ignored."""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


def text_with(config, blue):
    changed = json.loads(json.dumps(config))
    changed["routes"][0]["split"] = {"blue": blue, "green": 1}
    return json.dumps(changed, indent=2)


def split_is(proxy, blue):
    return proxy.status()["routes"][0]["split"] == {"blue": blue, "green": 1}


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        config = running.blue_green([blue.address], [blue.address])
        config["process"]["watch_file"] = True
        with running.Switchyard(program, work, config) as proxy:
            file = proxy.config
            file.write_text(text_with(config, 11))
            running.until("what is written is taken over", lambda: split_is(proxy, 11))
            entry = proxy.call("GET", "/v1/generations?limit=1")[1]["generations"][0]
            check("history names the file and the occasion", entry["who"] == "file" and entry["from"] == str(file) and
                  entry["reason"] == "the file changed", entry)

            file.write_text(text_with(config, 12).replace('"listeners"', '"listners"'))
            running.until("a broken file is told", lambda: "/listners" in proxy.text())
            check("and the one in force stays", split_is(proxy, 11))
            # The line of the log is written first, the audit by the store's thread after it.
            running.until("the audit has it", lambda: proxy.call("GET", "/v1/audit?limit=1")[1]["audit"][0]["verb"] ==
                          "file-refused")

            fresh = file.with_name(".switchyard.json.swp")
            fresh.write_text(text_with(config, 13))
            os.rename(fresh, file)
            running.until("a file renamed over it is seen", lambda: split_is(proxy, 13))
            os.rename(file, file.with_name("switchyard.json~"))
            file.write_text(text_with(config, 14))
            running.until("one that is moved away and written anew too", lambda: split_is(proxy, 14))

            # As a mounted ConfigMap does it: the file is a link through a link to a folder, and that link is exchanged.
            for n in (15, 16):
                folder = file.with_name(f"version-{n}")
                folder.mkdir()
                (folder / file.name).write_text(text_with(config, n))
            file.with_name("current").symlink_to("version-15")
            link = file.with_name("link")
            link.symlink_to("current/" + file.name)
            os.rename(link, file)
            running.until("a link in its place is followed", lambda: split_is(proxy, 15))
            link.symlink_to("version-16")
            os.rename(link, file.with_name("current"))
            running.until("a link on the way that is exchanged is seen", lambda: split_is(proxy, 16))

            # The same text again, and neighbours, are no change; the last write shows that all before were looked at.
            before = proxy.status()["generation"]
            said = proxy.text().count("switchyard.json read")
            file.with_name("neighbour.json").write_text("{}")
            os.rename(file.with_name("neighbour.json"), file.with_name("other.json"))
            text = (file.with_name("version-16") / file.name).read_text()
            os.unlink(file)
            file.write_text(text)
            running.until("the same text is read", lambda: proxy.text().count("switchyard.json read") > said)
            check("and changes nothing", proxy.status()["generation"] == before)
            check("neighbours are not read", proxy.text().count("switchyard.json read") == said + 1, proxy.text()[-1000:])

            # An operator switches by the API: the file is older news, and must not take it back by itself, nor after a restart.
            proxy.call("PUT", "/v1/routes/app/split", {"blue": 50, "green": 1})
            check("it ends in order", proxy.end() == 0)
        with running.Switchyard(program, work, None, name="again") as proxy:
            check("an unchanged file does not win over a newer generation", split_is(proxy, 50), proxy.status()["routes"])
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
