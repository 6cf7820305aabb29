// What was done and what came of it: every action leaves its receipt here, with the way back.
import { h } from "./element.js";
import { call } from "./api.js";
import { live, lookNow } from "./live.js";
import { receiptWords, span } from "./words.js";

const KEPT = 4;
const receipts = [];
let next = 0;
let redraw = () => {};
export const whenReceived = act => { redraw = act; };
export const clearReceipts = () => { receipts.length = 0; };

export function addReceipt(entry) {
    receipts.unshift({ key: ++next, at: new Date(), ...entry });
    receipts.length = Math.min(receipts.length, KEPT);
    lookNow();
    redraw();
}

// Does it, and shows what came of it; `undo` is how to take it back, where that is not the generation before.
export async function act(title, method, path, body, { headers = {}, undo = null, words = null } = {}) {
    try {
        const answer = await call(method, path, { body, headers });
        addReceipt({ title, receipt: answer?.adopted ? answer : null, words: words?.(answer) ?? "", undo });
        return answer;
    } catch (problem) {
        addReceipt({ title, problem });
        return null;
    }
}

async function takeBack(entry) {
    entry.busy = true;
    redraw();
    const { generation, previous } = entry.receipt;
    // Only what this has changed: a change that came later stays, and this says so.
    const answer = await act(`Undo: ${entry.title}`, "POST", "/v1/undo", { to: previous }, { headers: { "If-Match": `"${generation}"`, "X-Reason": `undo of generation ${generation}` } });
    entry.busy = false;
    if (answer) entry.undone = true;
    redraw();
}

export const confirm = generation => act(`Keep generation ${generation}`, "POST", `/v1/changes/${generation}/confirm`, {}, { words: () => "confirmed: it stays" });

function wayBack(entry) {
    const r = entry.receipt;
    if (entry.undone) return h("span", { class: "quiet" }, "taken back");
    if (entry.undo) return h("button", { type: "button", class: "small undo", onclick: async () => { if (await entry.undo()) entry.undone = true, redraw(); } }, "Undo");
    if (!r || r.unchanged || r.generation === r.previous) return null;
    return h("button", { type: "button", class: "small undo", disabled: entry.busy ?? false, onclick: () => takeBack(entry) }, `Undo, back to ${r.previous}`);
}

function pending(entry) {
    const waits = live.status?.pending;
    if (!entry.receipt?.confirm_by || waits?.generation !== entry.receipt.generation) return null;
    return h("button", { type: "button", class: "small main", onclick: () => confirm(waits.generation) },
        `Keep it (${span((new Date(waits.confirm_by) - Date.now()) / 1000)} left)`);
}

function shown(entry) {
    const bad = entry.problem;
    return h("li", { key: entry.key, class: bad ? "receipt bad" : "receipt" },
        h("div", { class: "head" },
            h("span", { class: "what" }, bad ? "✕ " : "✓ ", entry.title),
            h("button", { type: "button", class: "plain", "aria-label": `Put away: ${entry.title}`, onclick: () => { receipts.splice(receipts.indexOf(entry), 1); redraw(); } }, "×")),
        bad ? [h("p", {}, bad.message), h("ul", { class: "places" }, bad.errors.slice(0, 8).map(e => h("li", {}, h("code", {}, e.pointer || "/"), " ", e.detail)))]
            : [h("p", { class: "in-force" }, entry.receipt && !entry.receipt.unchanged ? h("strong", {}, `Generation ${entry.receipt.generation} `) : null,
                  entry.receipt ? receiptWords(entry.receipt) : entry.words),
               h("ul", { class: "changes" }, (entry.receipt?.moves?.length ? entry.receipt.moves : entry.receipt?.changes ?? []).slice(0, 6).map(c => h("li", {}, c)))],
        h("div", { class: "row" }, pending(entry), wayBack(entry)));
}

export const receiptList = () => h("aside", { class: "receipts", "aria-label": "Receipts" },
    h("div", { role: "log", "aria-live": "polite", "aria-label": "What was done" }, h("ul", {}, receipts.map(shown))));
