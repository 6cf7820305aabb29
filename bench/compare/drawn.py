"""The dashboard's drawing (control/ui/page) in a page that needs nothing beside itself: its modules as one script, as the program does it for
the report of a rollout (control/ui/report_script.cpp), and its style."""
import base64
import hashlib
import html
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "control" / "ui" / "page"
MODULES = ["element.js", "arms.js", "words.js", "chart.js", "plots.js"]
STYLE = """.report{max-width:66rem;margin:0 auto;padding:1.6rem 1.2rem 4rem;display:flex;flex-direction:column;gap:.8rem}
.report td,.report th{text-align:right;font-variant-numeric:tabular-nums}.report td:first-child,.report th:first-child{text-align:left}
.report h2{margin-top:1.6rem;font-size:1.25rem}.report h3{font-size:1rem;color:inherit}.report small{color:var(--quiet)}
.bars li{display:grid;grid-template-columns:8rem 1fr 11rem;gap:.8rem;align-items:center;white-space:nowrap}.bars .track{background:var(--line);border-radius:.3rem;height:1.1rem;position:relative}
.bars .bar{display:block;height:100%;border-radius:.3rem}.bars .spread{position:absolute;top:calc(50% - 1px);height:2px;background:var(--ink)}
.bars .arm0{background:var(--arm0)}.bars .arm1{background:var(--arm1)}.bars .arm2{background:var(--arm2)}.bars .arm3{background:var(--arm3)}"""


def text_of(module):
    return next(p for p in (HERE / module, PAGE / module) if p.exists()).read_text()


def closed(module):
    names, body = [], []
    for line in text_of(module).splitlines():
        imported = re.match(r'import (\{.*\}) from "\./(.*)";', line)
        exported = re.match(r"export ((?:async )?\w+ (\w+).*)", line)
        if exported:
            names.append(exported[2])
        body.append(f'const {imported[1]} = of["{imported[2]}"];' if imported else exported[1] if exported else line)
    return f'of["{module}"] = (() => {{\n' + "\n".join(body) + f"\nreturn {{ {', '.join(names)} }};\n}})();\n"


def plot(kind, **what):
    """Where it stands in the page, it is drawn."""
    return '<script type="application/json" class="plot">' + json.dumps({"kind": kind, **what}).replace("<", "\\u003c") + "</script>"


def page(title, body):
    script = '"use strict";\n(() => {\nconst of = {};\n' + "".join(closed(m) for m in MODULES) + "})();\n"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="{policy}">'
            f"<title>{html.escape(title)}</title><style>{(PAGE / 'dashboard.css').read_text()}{STYLE}</style></head>"
            f'<body><main class="report"><h1>{html.escape(title)}</h1>{body}</main><script>{script}</script></body></html>\n')
