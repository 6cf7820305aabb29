// One route: its traffic moved by hand, its rules in words, and what a request would meet.
import { h } from "./element.js";
import { arms, glyph, named } from "./arms.js";
import { call, get, may } from "./api.js";
import { live } from "./live.js";
import { charts } from "./now.js";
import { Preview } from "./preview.js";
import { act } from "./receipts.js";
import { splitBar } from "./split_bar.js";
import { condition, percent, rate, share, span, time } from "./words.js";

const CONFIRM = [["", "No, it stays"], ["30s", "30 seconds"], ["60s", "1 minute"], ["5m", "5 minutes"]];
let at = null;  // what is typed on this page, for the route that is shown

function begin(name, redraw) {
    at = { name, wanted: null, typed: {}, reason: "", within: "", preview: new Preview(redraw), config: null, generation: 0, question: { method: "GET", host: "", path: "/", headers: "", client: "" }, answer: null, problem: null };
}

// Conditions stand in the configuration alone.
async function follow(redraw) {
    if (at.generation === live.status.generation) return;
    const mine = at;
    mine.generation = live.status.generation;
    try {
        const config = await get("/v1/config");
        mine.config = config.routes.find(r => r.name === mine.name);
        if (!mine.question.host) mine.question.host = (mine.config?.match?.hosts ?? ["localhost"])[0].replace("*", "www");
    } catch {
        mine.generation = 0;
    }
    redraw();
}

const path = () => `/v1/routes/${encodeURIComponent(at.name)}/split`;
const change = () => at.wanted ? ["PUT", path(), at.wanted] : null;

function want(weights, redraw, typed = {}) {
    at.wanted = weights;
    at.typed = typed;
    at.preview.soon(change);
    redraw();
}

async function commit(redraw) {
    const body = at.within ? { changes: [{ verb: "split", route: at.name, weights: at.wanted }], confirm_within: at.within } : at.wanted;
    const headers = at.preview.headers(at.reason);
    const done = at.within ? await act(`Split of ${at.name}`, "POST", "/v1/changes", body, { headers }) : await act(`Split of ${at.name}`, "PUT", path(), body, { headers });
    if (done) at.wanted = null, at.typed = {}, at.reason = "", at.preview.clear();
    else at.preview.soon(change);
    redraw();
}

function slider(split, redraw, disabled) {
    const names = Object.keys(split);
    const arm = arms(names);
    const wanted = at.wanted ?? split;
    if (names.length !== 2)
        return h("div", { class: "weights" }, names.map(name => h("label", { key: name }, named(name, arm[name]),
            h("input", { type: "number", min: 0, max: 1000000, disabled, value: at.typed[name] ?? String(wanted[name] ?? 0), oninput: e => want({ ...wanted, [name]: Math.max(0, Math.round(+e.target.value || 0)) }, redraw, { ...at.typed, [name]: e.target.value }) }))));
    const [a, b] = names;
    const part = Math.round(share(wanted[b], wanted) * 10) / 10;
    const set = value => want({ [a]: Math.round((100 - value) * 10), [b]: Math.round(value * 10) }, redraw);
    const simplest = value => { const w = Math.round(value); want({ [a]: 100 - w, [b]: w }, redraw); };
    return h("div", { class: "slider" },
        h("label", { for: "split-slider" }, glyph(arm[b]) + " " + b, h("output", { for: "split-slider" }, percent(part))),
        h("input", { id: "split-slider", class: `range arm${arm[b]}`, type: "range", min: 0, max: 100, step: 1, disabled, value: String(Math.round(part)), "aria-valuetext": `${b} ${percent(part)}, ${a} ${percent(100 - part)}`, oninput: e => simplest(+e.target.value) }),
        h("div", { class: "row" }, h("span", { class: "quiet" }, "or"), [0, 1, 5, 10, 25, 50, 100].map(v => h("button", { key: v, type: "button", class: "small step", disabled, "aria-pressed": String(part === v), onclick: () => Number.isInteger(v) ? simplest(v) : set(v) }, `${v} %`))));
}

function mover(r, redraw) {
    const held = live.rollouts.find(o => o.holds_route && o.route === r.name);
    const disabled = !may("operator") || !live.fresh() || Boolean(held);
    const names = Object.keys(r.split);
    const arm = arms(names);
    const full = names.find(n => share(r.split[n], r.split) === 100);
    return h("section", { class: "panel", "aria-label": "Move traffic" },
        h("h2", {}, "Move traffic"),
        held ? h("p", { class: "note" }, "Rollout ", h("a", { href: `#/rollout/${held.id}` }, held.id), " has this route: steer it there.") : null,
        !may("operator") ? h("p", { class: "note" }, "Your role only looks.") : null,
        h("div", { class: "row switches", role: "group", "aria-label": "Switch all traffic" }, h("span", { class: "quiet" }, "All to"),
            names.map(n => h("button", { key: n, type: "button", id: `all-to-${n}`, class: `arm arm${arm[n]}`, disabled: disabled || n === full, onclick: () => want(Object.fromEntries(names.map(x => [x, x === n ? 100 : 0])), redraw) }, `${glyph(arm[n])} ${n}`, h("small", {}, ` ${live.status.upstreams[n]?.healthy ?? 0} healthy`)))),
        slider(r.split, redraw, disabled),
        at.wanted ? [h("div", { class: "compare" }, h("span", { class: "label" }, "now"), splitBar(r.split), h("span", { class: "label" }, "then"), splitBar(at.wanted, { wanted: true })),
            at.preview.shown(),
            h("div", { class: "fields" },
                h("label", { for: "reason" }, "Why", h("input", { id: "reason", type: "text", maxlength: 300, placeholder: "release 42", value: at.reason, oninput: e => { at.reason = e.target.value; } })),
                h("label", { for: "within" }, "Undo unless kept within", h("select", { id: "within", value: at.within, onchange: e => { at.within = e.target.value; redraw(); } }, CONFIRM.map(([value, text]) => h("option", { value }, text))))),
            h("div", { class: "row" },
                h("button", { type: "button", id: "put-in-force", class: "main", disabled: disabled || !at.preview.ready(), onclick: () => commit(redraw) }, "Put in force"),
                h("button", { type: "button", onclick: () => { at.wanted = null; at.typed = {}; at.preview.clear(); redraw(); } }, "Leave it"))] : h("p", { class: "quiet" }, "Nothing is done before you have seen what it would change."));
}

function rules(r) {
    const all = at.config?.rules ?? r.rules ?? [];
    return h("section", { class: "panel", "aria-label": "Rules" }, h("h2", {}, "Rules"),
        all.length === 0 ? h("p", { class: "quiet" }, "None: all requests go by the split.")
            : h("ol", { class: "rules" }, all.map(rule => h("li", { key: rule.name }, h("strong", {}, rule.name), h("span", {}, "when ", h("em", {}, condition(rule.when) || "…")),
                h("span", { class: "to" }, "→ ", rule.upstream ? rule.upstream + (rule.upstream === "@candidate" && r.candidate ? ` (now ${r.candidate})` : "") : rule.deny ? `refused with ${rule.deny}` : `answers ${rule.respond?.status ?? rule.status}`)))),
        all.length ? h("p", { class: "quiet" }, "The first that holds decides; all else goes by the split.") : null);
}

async function explain(event, redraw) {
    event.preventDefault();
    const q = at.question;
    const headers = Object.fromEntries(q.headers.split("\n").map(l => l.split(/:(.*)/s)).filter(p => p.length > 1).map(([k, v]) => [k.trim(), v.trim()]));
    const body = { method: q.method, host: q.host, path: q.path, headers };
    if (q.client) body.client = q.client;
    try {
        at.answer = await call("POST", "/v1/explain", { body });
        at.problem = null;
    } catch (problem) {
        at.problem = problem;
    }
    redraw();
}

function explainForm(redraw) {
    const q = at.question;
    const field = (key, title, more = {}) => h("label", { key, for: "ask-" + key }, title, h("input", { id: "ask-" + key, type: "text", value: q[key], oninput: e => { q[key] = e.target.value; }, ...more }));
    const a = at.answer;
    return h("section", { class: "panel", "aria-label": "Explain" }, h("h2", {}, "What would a request meet?"),
        h("form", { class: "fields", onsubmit: e => explain(e, redraw) },
            field("method", "Method"), field("host", "Host", { required: true }), field("path", "Path"), field("client", "Client’s address"),
            h("label", { for: "ask-headers", class: "wide" }, "Headers, one a line", h("textarea", { id: "ask-headers", rows: 2, placeholder: "X-Release: canary", value: q.headers, oninput: e => { q.headers = e.target.value; } })),
            h("button", { type: "submit", id: "ask" }, "Explain")),
        at.problem ? h("p", { class: "problem", role: "alert" }, at.problem.message) : null,
        a && !at.problem ? h("div", { class: "preview", role: "status", id: "explained" },
            h("p", {}, h("strong", {}, a.upstream ? `${a.upstream}` : `answered ${a.status} by the proxy`), a.endpoint ? ` at ${a.endpoint}` : "", a.rule ? `, by rule ${a.rule}` : "", a.route ? `, route ${a.route}` : ""),
            h("ul", {}, a.why.map(w => h("li", {}, w)))) : null);
}

export function route({ rest, redraw }) {
    const routes = live.status.routes;
    const r = routes.find(x => x.name === rest[0]) ?? routes[0];
    if (!r) return [h("h1", { tabindex: "-1" }, "Routes"), h("p", { class: "quiet" }, "There is no route.")];
    if (at?.name !== r.name) begin(r.name, redraw);
    follow(redraw);
    return [h("h1", { tabindex: "-1" }, "Route ", r.name), choice(routes.map(x => x.name), r.name, "route", "Routes"),
        h("section", { class: "panel", "aria-label": "Traffic" },
            h("div", { class: "head" }, h("h2", {}, "Split"), h("span", { class: "figures" }, h("b", {}, rate(r.requests_per_second)), " /s  ", h("b", {}, rate(r.errors_per_second)), " errors /s  p99 ", h("b", {}, time(r.p99_ms)))),
            splitBar(r.split), charts(live.series?.routes?.[r.name], arms(Object.keys(r.split)))),
        h("div", { class: "columns" }, mover(r, redraw), h("div", { class: "stack" }, rules(r), explainForm(redraw)))];
}

// One of several, by links.
export function choice(names, chosen, page, label) {
    if (names.length < 2) return null;
    return h("nav", { class: "choice", "aria-label": label }, names.map(name => h("a", { key: name, href: `#/${page}/${encodeURIComponent(name)}`, "aria-current": name === chosen ? "true" : null }, name)));
}
