// The whole configuration: read, checked as it is typed, compared, and put in force as what was looked at.
import { h } from "./element.js";
import { call, get, may } from "./api.js";
import { live } from "./live.js";
import { Preview } from "./preview.js";
import { act } from "./receipts.js";
import { placeOf, pointerAt, schemaAt } from "./json_place.js";

const view = { text: "", read: 0, taken: "", reason: "", caret: 0, preview: null, schema: null, asking: false, problem: "" };

async function read(redraw) {
    view.asking = true;
    try {
        const [config, api] = await Promise.all([get("/v1/config"), view.schema ? null : get("/v1/openapi.json")]);
        view.text = view.taken = JSON.stringify(config, null, 2);
        view.read = live.status.generation;
        if (api) view.schema = { root: api, node: { $ref: "#/components/schemas/Config" } };
        view.problem = "";
        view.preview?.clear();
    } catch (problem) {
        view.problem = problem.message;
    }
    view.asking = false;
    redraw();
}

const changed = () => view.text !== view.taken;
const change = () => ["PUT", "/v1/config", view.text];

async function put(redraw) {
    const done = await act("Configuration", "PUT", "/v1/config", view.text, { headers: view.preview.headers(view.reason) });
    if (done) view.reason = "", view.read = 0;
    redraw();
}

// A word to the place where the caret stands.
function hint() {
    if (!view.schema) return null;
    const parts = pointerAt(view.text, view.caret);
    const found = schemaAt(view.schema, parts);
    const all = found ? [found, ...(found.oneOf ?? []), ...(found.anyOf ?? [])] : [];
    const type = found?.type ?? all.find(a => a.type)?.type;
    const keys = all.flatMap(a => Object.keys(a.properties ?? {}));
    const choice = all.flatMap(a => a.enum ?? []);
    return h("aside", { class: "panel hint", id: "hint", "aria-label": "What may stand here" }, h("h2", {}, "Here"),
        h("p", {}, h("code", { class: "break" }, "/" + parts.join("/"))),
        found ? [h("p", {}, found.description ?? (type ? "" : "no more is known of it")),
                 type ? h("p", { class: "quiet" }, [type].flat().join(" or "), found.default !== undefined ? `, else ${JSON.stringify(found.default)}` : "", found.minimum !== undefined ? `, from ${found.minimum}` : "", found.maximum !== undefined ? ` to ${found.maximum}` : "") : null,
                 choice.length ? h("p", { class: "quiet" }, "one of ", choice.map((c, i) => [i ? ", " : "", h("code", {}, String(c))])) : null,
                 keys.length ? h("p", { class: "quiet" }, "may hold ", [...new Set(keys)].map((c, i) => [i ? ", " : "", h("code", {}, c)])) : null]
            : h("p", { class: "quiet" }, "The schema knows nothing of this place."));
}

function goTo(pointer) {
    const token = placeOf(view.text, pointer);
    const area = document.getElementById("configuration");
    if (!token || !area) return;
    area.focus();
    area.setSelectionRange(token.at, token.end);
    area.scrollTop = Math.max(0, (view.text.slice(0, token.at).split("\n").length - 6) * parseFloat(getComputedStyle(area).lineHeight));
}

function verdict() {
    const { problem } = view.preview;
    if (!problem) return view.preview.shown();
    return h("div", { class: "preview bad", role: "status" }, h("p", {}, problem.message),
        h("ul", {}, problem.errors.slice(0, 20).map(e => {
            const token = placeOf(view.text, e.pointer);
            const line = token ? view.text.slice(0, token.at).split("\n").length : null;
            return h("li", {}, h("button", { type: "button", class: "plain link", onclick: () => goTo(e.pointer) }, (line ? `line ${line}, ` : "") + (e.pointer || "/")), " ", e.detail);
        })));
}

export function configuration({ redraw }) {
    view.preview ??= new Preview(redraw);
    if (!view.asking && (view.read === 0 || (view.read !== live.status.generation && !changed()))) read(redraw);
    const elsewhere = view.read && view.read !== live.status.generation && changed();
    const caret = e => { view.caret = e.target.selectionStart; redraw(); };
    return [h("h1", { tabindex: "-1" }, "Configuration"),
        h("p", { class: "quiet" }, `As it is in force in generation ${view.read || "…"}; secrets are shown as … and stay as they are. `, h("code", {}, "process"), " is fixed while it runs."),
        view.problem ? h("p", { class: "problem" }, view.problem) : null,
        elsewhere ? h("div", { class: "note bad", role: "status" }, `Generation ${live.status.generation} is in force meanwhile: what you typed is based on ${view.read}. `, h("button", { type: "button", class: "small", onclick: () => read(redraw) }, "Read it anew, and drop what I typed")) : null,
        h("div", { class: "editor" },
            h("div", { class: "panel" },
                h("label", { for: "configuration", class: "label" }, "The document"),
                h("textarea", { id: "configuration", spellcheck: "false", autocapitalize: "off", rows: 26, value: view.text, readonly: !may("operator"),
                    oninput: e => { view.text = e.target.value; view.caret = e.target.selectionStart; if (changed() && may("admin")) view.preview.soon(change); else view.preview.clear(); redraw(); }, onclick: caret, onkeyup: caret }),
                changed() ? [verdict(),
                    h("div", { class: "row" }, h("input", { type: "text", "aria-label": "Why", placeholder: "why", value: view.reason, oninput: e => { view.reason = e.target.value; } }),
                        may("admin") ? h("button", { type: "button", id: "put-configuration", class: "main", disabled: !view.preview.ready() || !live.fresh(), onclick: () => put(redraw) }, "Put in force") : null,
                        h("button", { type: "button", onclick: () => { view.text = view.taken; view.preview.clear(); redraw(); } }, "Leave it"))] : h("p", { class: "quiet" }, may("admin") ? "What you change is checked at once, and nothing is done before you say so." : "Your role only looks at it.")),
            hint())];
}
