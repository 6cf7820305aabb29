#!/usr/bin/env python3
"""Manual pages out of what a program says with --help: one of the program, one for each of its verbs.

    manual_pages.py PROGRAM VERSION FOLDER

The same help gives the same octets: no date stands in them."""
import gzip
import pathlib
import re
import subprocess
import sys


def said(program, *words):
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout.strip("\n").splitlines()


def troff(text):
    """Text as troff prints it: no sign of it is a command."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("^", r"\(ha").replace("~", r"\(ti")
    return r"\&" + text if text[:1] in (".", "'") else text


def verbatim(lines):
    return [".nf", *(troff(line) for line in lines), ".fi"]


def heading(line):
    """"Options:" and the like."""
    return re.fullmatch(r"([A-Z][A-Za-z ]+):", line)


def entries(lines):
    """Lines such as `  --json      answer as JSON` as items of a list; what else stands between them as it is."""
    out = []
    for line in lines:
        item = re.match(r"^  (\S.*?)(?: {2,}(\S.*))?$", line) if line.startswith("  ") and line[2:3] != " " else None
        if item:
            out += [".TP", r"\fB" + troff(item[1]) + r"\fR"]
            if item[2]:
                out.append(troff(item[2]))
        elif line.strip():
            out.append(troff(line.strip()))
    return out


def page(name, version, lines, see):
    about = lines[0] if not heading(lines[0]) and not lines[0].startswith("Usage") else name
    summary = re.sub(rf"^{re.escape(name)}: ", "", about, flags=re.I)
    out = [f'.TH "{name.upper()}" 1 "" "{version}" "User Commands"', ".SH NAME", f"{troff(name)} \\- {troff(summary)}"]
    rest = lines[1:] if about != name or lines[0] == about else lines
    sections, current = [], None
    for line in rest:
        usage = re.match(r"Usage: (?:\S*/)?(.*)", line)
        if usage:
            sections.append(("SYNOPSIS", [usage[1]]))
            current = None
        elif heading(line):
            current = (heading(line)[1].upper(), [])
            sections.append(current)
        elif re.match(r"(Every verb has|Exit codes: )", line):
            current = None
            sections.append(("EXIT STATUS", [line.split("Exit codes: ")[1]]) if "Exit codes: " in line else ("NOTES", [line]))
        elif current is not None:
            current[1].append(line)
        elif line.strip():
            current = ("DESCRIPTION", [line])
            sections.append(current)
    for title, body in sections:
        while body and not body[-1].strip():
            body.pop()
        out.append(f".SH {title}")
        out += verbatim(body) if title in ("EXAMPLE", "DESCRIPTION") else entries(body)
    if see:
        out += [".SH SEE ALSO", ",\n".join(rf"\fB{troff(each)}\fR(1)" for each in see)]
    return "\n".join(out) + "\n"


def verbs_of(lines):
    if "Subcommands:" not in lines:
        return []
    return re.findall(r"^  ([a-z][a-z-]*)", "\n".join(lines[lines.index("Subcommands:"):]), re.M)


def main():
    program, version, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    name = pathlib.Path(program).name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.1.gz"):
        old.unlink()

    def write(page_name, text):
        (folder / f"{page_name}.1.gz").write_bytes(gzip.compress(text.encode(), mtime=0))

    whole = said(program)
    verbs = verbs_of(whole)
    if not verbs:  # the forum's help is a list of calls
        whole = [f"{name}: a forum of which two releases serve one database", *whole]
    write(name, page(name, f"{name} {version}", whole, [f"{name}-{verb}" for verb in verbs]))
    for verb in verbs:
        write(f"{name}-{verb}", page(f"{name}-{verb}", f"{name} {version}", said(program, verb), [name]))


if __name__ == "__main__":
    main()
