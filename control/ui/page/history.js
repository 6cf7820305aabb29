// Who changed what, when and why; back to any of it, after a look at what that would change.
import { h } from "./element.js";
import { call, get, may } from "./api.js";
import { live } from "./live.js";
import { Preview } from "./preview.js";
import { act } from "./receipts.js";
import { ago, count, moment } from "./words.js";

const PAGE = 30;
const view = { all: [], newest: 0, more: true, asking: false, chosen: 0, preview: null, reason: "", verdict: null, verifying: false };

async function load(redraw, before) {
    if (view.asking) return;
    view.asking = true;
    try {
        const { generations } = await get(`/v1/generations?limit=${PAGE}` + (before ? `&before=${before}` : ""));
        view.more = generations.length === PAGE;
        view.all = before ? [...view.all, ...generations] : [...generations, ...view.all.filter(g => g.generation < (generations.at(-1)?.generation ?? 0))];
        view.newest = live.status.generation;
    } catch {
        // what is known stays; it is asked again with the next look
    }
    view.asking = false;
    redraw();
}

const undoCall = () => ["POST", "/v1/undo", { to: view.chosen }];

async function back(redraw) {
    const headers = view.preview.headers(view.reason || `back to generation ${view.chosen}`);
    const [method, path, body] = undoCall();
    if (await act(`Back to generation ${view.chosen}`, method, path, body, { headers })) view.chosen = 0, view.reason = "";
    redraw();
}

function undoPart(g, redraw) {
    if (g.generation === live.status.generation) return h("span", { class: "pill good" }, "in force");
    if (!may("operator")) return null;
    if (view.chosen !== g.generation)
        return h("button", { type: "button", class: "small", "data-generation": g.generation, disabled: !live.fresh(), onclick: () => { view.chosen = g.generation; view.preview = new Preview(redraw); view.preview.look(undoCall); } }, "Return to it…");
    return h("div", { class: "return" }, view.preview.shown(),
        h("div", { class: "row" }, h("input", { type: "text", "aria-label": "Why", placeholder: "why", value: view.reason, oninput: e => { view.reason = e.target.value; } }),
            h("button", { type: "button", id: "return", class: "main", disabled: !view.preview.ready() || !live.fresh(), onclick: () => back(redraw) }, "Put in force"),
            h("button", { type: "button", onclick: () => { view.chosen = 0; redraw(); } }, "Leave it")));
}

async function verify(redraw) {
    view.verifying = true;
    redraw();
    try {
        view.verdict = await call("GET", "/v1/audit/verify");
    } catch (problem) {
        view.verdict = { problem: problem.message };
    }
    view.verifying = false;
    redraw();
}

function audit(redraw) {
    const v = view.verdict;
    return h("section", { class: "panel", "aria-label": "Audit" }, h("div", { class: "head" }, h("h2", {}, "Audit"),
            h("button", { type: "button", id: "verify", class: "small", disabled: view.verifying, onclick: () => verify(redraw) }, view.verifying ? "Checking…" : "Check the chain")),
        v ? h("div", { role: "status", id: "verdict", class: v.intact ? "preview" : "preview bad" },
            v.problem ? v.problem : v.intact ? [h("p", {}, `✓ Intact: ${count(v.entries)} lines, each sealed by the next.`), h("p", { class: "quiet" }, "Anchor, to keep elsewhere: ", h("code", { class: "break" }, v.anchor))] : `✕ Broken at line ${v.first_bad}: ${v.detail}`)
            : h("p", { class: "quiet" }, "Every line's hash covers the line before: none can be changed, removed or added unseen."));
}

export function history({ redraw }) {
    if (view.newest !== live.status.generation) load(redraw);
    return [h("h1", { tabindex: "-1" }, "History"), audit(redraw),
        h("ol", { class: "timeline" }, view.all.map(g => h("li", { key: g.generation, class: g.generation === live.status.generation ? "here" : "" },
            h("div", { class: "head" }, h("strong", {}, `Generation ${g.generation}`), h("span", { class: "tag" }, g.verb), h("span", { class: "quiet" }, `${g.who}${g.from ? " from " + g.from : ""} · `, h("time", { datetime: g.at, title: moment(g.at) }, ago(g.at)))),
            g.reason ? h("p", { class: "reason" }, `“${g.reason}”`) : null,
            h("ul", { class: "changes" }, g.changes.slice(0, 8).map(c => h("li", {}, c)), g.changes.length > 8 ? h("li", { class: "quiet" }, `and ${g.changes.length - 8} more`) : null),
            undoPart(g, redraw)))),
        view.more && view.all.length ? h("button", { type: "button", onclick: () => load(redraw, view.all.at(-1).generation) }, "Earlier ones") : null];
}
