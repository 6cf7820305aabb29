// Rollouts: how far one is, what stands against the new release, and why it waits; begun and steered here.
import { h } from "./element.js";
import { arms, named } from "./arms.js";
import { call, get, may, request } from "./api.js";
import { live, lookNow } from "./live.js";
import { act, addReceipt } from "./receipts.js";
import { pictures } from "./rollout_pictures.js";
import { splitBar } from "./split_bar.js";
import { ago, certainty, count, evidence, moment, percent, STATES, time } from "./words.js";

const EVERY = 1000;
const MOST_TESTS = 6;
const ENDED = ["succeeded", "rolled_back", "aborted"];
const view = { id: "", report: null, askedAt: 0, asking: false, problem: "" };
const form = { open: false, route: "", from: "", to: "", steps: "5 % 1m\n25 % 2m\n100 % 2m", checked: null, problem: null };

async function follow(id, redraw) {
    if (view.id !== id) Object.assign(view, { id, report: null, askedAt: 0, problem: "" });
    const over = view.report && ENDED.includes(view.report.state) && !view.report.holds_route && view.report.journal?.length;
    if (view.asking || over || performance.now() - view.askedAt < EVERY) return;
    view.asking = true;
    view.askedAt = performance.now();
    try {
        const report = await get(`/v1/rollouts/${id}/report`);
        if (view.id === id) view.report = report, view.problem = "";
    } catch (problem) {
        view.problem = problem.message;
    }
    view.asking = false;
    redraw();
}

const LOST = ["rolled_back", "rolling_back", "aborted"];
const STEERED = { promote: "to the next step", pause: "paused", resume: "goes on", abort: "all traffic goes back" };
async function steer(id, verb, force) {
    const answer = await act(`Rollout ${id}: ${verb}`, "POST", `/v1/rollouts/${id}/${verb}`, undefined, {
        words: r => `${STEERED[verb]}; it is ${STATES[r.state] ?? r.state} now`,
        undo: verb === "pause" ? () => steer(id, "resume") : verb === "resume" ? () => steer(id, "pause") : null });
    view.askedAt = 0;
    return answer;
}

function steering(r) {
    if (!r.holds_route) return null;
    const off = !may("operator") || !live.fresh();
    const button = (verb, text, kind = "") => h("button", { key: verb, type: "button", id: "rollout-" + verb, class: kind, disabled: off, onclick: () => steer(r.id, verb) }, text);
    return h("div", { class: "row" }, button("promote", "Promote to the next step"), r.state === "running" ? button("pause", "Pause") : button("resume", "Go on"), button("abort", "Abort: all back", "danger"));
}

function steps(r) {
    return h("ol", { class: "steps" }, r.steps.map((s, i) => {
        const what = "weight" in s ? percent(s.weight) : "header_only" in s ? "by rule" : "pause";
        const kind = s.state === "done" ? "done" : s.state === "to come" ? "next" : LOST.includes(s.state) ? "here lost" : "here";
        return h("li", { key: i, class: kind, "aria-current": kind.startsWith("here") && r.holds_route ? "step" : null },
            h("strong", {}, what), h("span", {}, s.bake ? `at least ${s.bake}` : s.header_only ?? (s.pause ? "until somebody promotes" : "")),
            h("span", { class: "quiet" }, kind.startsWith("here") ? `${STATES[s.state] ?? s.state}, ${r.baked} baked` : s.state), s.waited ? h("span", { class: "why" }, s.waited) : null);
    }));
}

function armsTable(r) {
    const arm = arms([r.from, r.to]);
    const cell = value => h("td", { class: "number" }, value);
    const ms = q => q === undefined || q === null ? "–" : time(q);
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Both releases, scrolls sideways" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Release", "Requests", "Failed", "Share", "p50", "p90", "p99"].map((t, i) => h("th", { scope: "col", class: i ? "number" : "" }, t)))),
        h("tbody", {}, Object.entries(r.arms).map(([name, a]) => h("tr", { key: name }, h("th", { scope: "row" }, named(name, arm[name] ?? 0)),
            cell(count(a.attempts)), cell(count(a.failures)), cell(a.error_percent === null || a.error_percent === undefined ? "–" : percent(a.error_percent)), cell(ms(a.latency_ms?.p50)), cell(ms(a.latency_ms?.p90)), cell(ms(a.latency_ms?.p99)))))));
}

// One test on its way: the words first, the bar for how far, the threshold at its end.
function evidenceRow(row, r) {
    const part = Math.min(1, Math.max(0, row.part));
    return h("li", { key: row.test, class: row.acts ? part > 0.5 ? "near" : "" : "idle" },
        h("span", { class: "words" }, evidence(row, r.from, r.to)),
        h("div", { class: "progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * part), "aria-label": row.test },
            h("i", { style: { width: 100 * part + "%" } })),
        h("span", { class: "quiet" }, `${Math.round(100 * part)} % of the way; ${row.idle || (row.acts ? `takes it back when certain to ${certainty(row.threshold)}` : "does not act")}`));
}

function evidenceList(r) {
    const rows = [...r.evidence].sort((a, b) => b.part - a.part);
    const telling = Math.min(MOST_TESTS, Math.max(1, rows.filter(row => row.part > 0).length));
    return h("section", { class: "panel", "aria-label": "Evidence" }, h("h2", {}, `What stands against ${r.to}`),
        h("ul", { class: "evidence" }, rows.slice(0, telling).map(row => evidenceRow(row, r))),
        rows.length > telling ? h("details", {}, h("summary", {}, `${rows.length - telling} tests that say nothing yet`), h("ul", { class: "evidence" }, rows.slice(telling).map(row => evidenceRow(row, r)))) : null);
}

async function saveReport(id) {
    try {
        const answer = await request("GET", `/v1/rollouts/${id}/report.html`);
        const place = URL.createObjectURL(await answer.blob());
        const link = document.createElement("a");
        Object.assign(link, { href: place, download: `rollout-${id}.html` });
        link.click();
        URL.revokeObjectURL(place);
    } catch (problem) {
        addReceipt({ title: `Report of ${id}`, problem: { message: String(problem.message), errors: [] } });
    }
}

const kindOf = state => ({ succeeded: "good", rolled_back: "bad", rolling_back: "bad", aborted: "warn", inconclusive: "warn", paused: "warn" })[state] ?? "busy";

function one(id, redraw) {
    follow(id, redraw);
    const r = view.id === id ? view.report : null;
    if (!r) return h("p", { class: "quiet wait" }, view.problem || "Asking for the rollout…");
    const failing = Object.entries(r.taken_out?.endpoints ?? {});
    return [h("section", { class: "panel" },
            h("div", { class: "head" }, h("h2", {}, `${r.route}: ${r.from} → ${r.to}`), h("span", { class: `pill ${kindOf(r.state)}`, id: "rollout-state" }, STATES[r.state] ?? r.state)),
            splitBar({ [r.from]: Math.round((100 - r.weight_in_force) * 1e4), [r.to]: Math.round(r.weight_in_force * 1e4) }),
            steps(r),
            r.ended ? h("p", { class: "why-now", id: "why" }, h("strong", {}, `${STATES[r.state]} ${moment(r.ended.at)}`), r.ended.by ? ` by ${r.ended.by}` : "", ": ", r.ended.why)
                : h("p", { class: "why-now", id: "why" }, r.needs_person ? h("strong", {}, "It waits for the operator. ") : null, r.why),
            r.publish_problem ? h("p", { class: "note bad" }, r.publish_problem) : null,
            failing.map(([address, why]) => h("p", { class: "note bad" }, `${address} was taken out by its checks: ${why}`)),
            steering(r), armsTable(r),
            h("p", { class: "row" }, h("span", { class: "quiet" }, `${r.extra_failures === undefined ? "" : `about ${count(r.extra_failures)} failures more than ${r.from} would have had; `}begun ${ago(r.started_at)}`), h("button", { type: "button", class: "small", onclick: () => saveReport(r.id) }, "Save the report"))),
        h("div", { class: "columns" }, evidenceList(r), journal(r)), pictures(r)];
}

function journal(r) {
    return h("section", { class: "panel" }, h("h2", {}, "What it did"),
        h("ul", { class: "log" }, [...(r.journal ?? [])].reverse().slice(0, 40).map((j, i) => h("li", { key: r.journal.length - i }, h("time", { datetime: j.at }, moment(j.at)), " ", h("strong", {}, j.kind.replaceAll("_", " ")), j.by ? ` by ${j.by}` : "", j.why ? h("span", { class: "why" }, j.why) : null))));
}

function plan() {
    const steps = form.steps.split("\n").map(l => l.trim()).filter(Boolean).map(line => {
        if (/^pause/i.test(line)) return { pause: {} };
        const [, weight, bake] = /^([\d.]+)\s*%?\s*(?:for\s+)?(\S+)?$/.exec(line) ?? [];
        if (weight === undefined) throw new Error(`“${line}” is no step: write a share and how long it bakes, as in 5 % 1m, or pause`);
        return { weight: +weight, bake: bake ?? "1m" };
    });
    return { route: form.route, from: form.from, to: form.to, steps };
}

async function start(redraw, dry) {
    form.problem = null;
    try {
        const body = plan();
        if (dry) {
            form.checked = (await call("POST", "/v1/rollouts?dry_run=true", { body })).plan;
        } else {
            const begun = await call("POST", "/v1/rollouts", { body });
            addReceipt({ title: `Rollout ${begun.id} of ${form.route}`, words: `begun: ${form.from} → ${form.to}`, undo: () => steer(begun.id, "abort") });
            Object.assign(form, { open: false, checked: null });
            lookNow();
            location.hash = `#/rollout/${begun.id}`;
        }
    } catch (problem) {
        form.checked = null;
        form.problem = problem;
    }
    redraw();
}

function starter(redraw) {
    if (!may("operator")) return null;
    const routes = live.status.routes;
    if (!form.open) return h("div", { class: "row" }, h("button", { type: "button", id: "new-rollout", disabled: !live.fresh(), onclick: () => {
        const r = routes.find(x => Object.keys(x.split).length > 1) ?? routes[0];
        const names = Object.keys(r?.split ?? {}).sort((a, b) => r.split[b] - r.split[a]);
        Object.assign(form, { open: true, route: r?.name ?? "", from: names[0] ?? "", to: names[1] ?? "", checked: null, problem: null });
        redraw();
    } }, "Begin a rollout…"));
    const split = Object.keys(routes.find(r => r.name === form.route)?.split ?? {});
    const select = (key, title, all) => h("label", { key, for: "plan-" + key }, title, h("select", { id: "plan-" + key, value: form[key], onchange: e => { form[key] = e.target.value; form.checked = null; redraw(); } }, all.map(value => h("option", { key: value, value }, value))));
    return h("section", { class: "panel", "aria-label": "Begin a rollout" }, h("h2", {}, "Begin a rollout"),
        h("form", { class: "fields", onsubmit: e => { e.preventDefault(); start(redraw, !form.checked); } },
            select("route", "Route", routes.map(r => r.name)), select("from", "From", split), select("to", "To", split),
            h("label", { for: "plan-steps", class: "wide" }, "Steps: a share and how long it bakes at least; or pause", h("textarea", { id: "plan-steps", rows: 4, value: form.steps, oninput: e => { form.steps = e.target.value; form.checked = null; redraw(); } })),
            form.problem ? h("div", { class: "preview bad wide", role: "alert" }, h("p", {}, form.problem.message), h("ul", {}, (form.problem.errors ?? []).map(e => h("li", {}, h("code", {}, e.pointer), " ", e.detail)))) : null,
            form.checked ? h("div", { class: "preview wide", role: "status" }, h("p", { class: "label" }, "It fits. It would be"), h("p", {}, form.checked.steps.map(s => "weight" in s ? `${s.weight} % for ${s.bake}` : "a pause").join(" → "))) : null,
            h("div", { class: "row wide" }, h("button", { type: "submit", id: "plan-send", class: "main" }, form.checked ? "Begin it" : "Look first"), h("button", { type: "button", onclick: () => { form.open = false; redraw(); } }, "Leave it"))));
}

function list(chosen) {
    if (live.rollouts.length === 0) return h("p", { class: "quiet" }, "There was none yet.");
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "All rollouts, scrolls sideways" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Rollout", "Route", "From → to", "State", "Step", "Begun"].map(t => h("th", { scope: "col" }, t)))),
        h("tbody", {}, live.rollouts.slice(0, 50).map(r => h("tr", { key: r.id, class: r.id === chosen ? "chosen" : "" }, h("th", { scope: "row" }, h("a", { href: `#/rollout/${r.id}` }, r.id)), h("td", {}, r.route), h("td", {}, `${r.from} → ${r.to}`),
            h("td", {}, h("span", { class: `pill ${kindOf(r.state)}` }, STATES[r.state] ?? r.state)), h("td", {}, `${r.step} of ${r.of_steps}`), h("td", {}, moment(r.started_at)))))));
}

export function rollout({ rest, redraw }) {
    const id = rest[0] ?? live.rollouts.find(r => r.holds_route)?.id ?? live.rollouts[0]?.id;
    return [h("h1", { tabindex: "-1" }, id ? `Rollout ${id}` : "Rollouts"), starter(redraw), id ? one(id, redraw) : null,
        h("section", { class: "panel" }, h("h2", {}, "All rollouts"), list(id))];
}
