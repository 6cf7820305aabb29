// One upstream: its endpoints, what is found of them, and taken out and back by hand.
import { h } from "./element.js";
import { armsOfAll } from "./arms.js";
import { get, may } from "./api.js";
import { live } from "./live.js";
import { charts } from "./now.js";
import { act, addReceipt } from "./receipts.js";
import { choice } from "./route.js";
import { ago, count, moment, rate, time } from "./words.js";

const edit = { key: "", weight: "" };
const endpointPath = (name, address) => `/v1/upstreams/${encodeURIComponent(name)}/endpoints/${encodeURIComponent(address)}`;

const STATE_WORDS = { up: "in service", drain: "draining: finishes what it has, gets nothing new", maint: "in maintenance: not checked, gets nothing" };

// What the endpoint is, in one word with its sign.
function condition(e) {
    if (e.state !== "up") return ["quiet", e.state === "drain" ? "◐ drain" : "◌ maint"];
    if (e.ejected) return ["bad", "✕ ejected"];
    if (e.health === "down") return ["bad", "✕ down"];
    if (e.health === "unknown") return ["warn", "? not checked"];
    return ["good", "✓ up"];
}

const setState = (name, address, state) => act(`${address} of ${name}: ${state}`, "POST", endpointPath(name, address) + "/state", { state });

async function setWeight(name, e, redraw) {
    const weight = Math.max(0, Math.round(+edit.weight));
    const title = `${e.address} of ${name}: weight ${weight}`;
    edit.key = "";
    try {
        // What else is set of the endpoint stays: it is put as a whole, and only onto what was read. The generation is read first.
        const { generation } = await get("/v1/status");
        const of = (await get("/v1/config")).upstreams?.[name];
        const known = of?.endpoints?.find(x => x.address === e.address) ?? (of?.discover ? of.endpoint_overrides?.[e.address] ?? {} : null);
        if (!known) throw new Error(`${name} has no endpoint ${e.address} any more: nothing was changed`);
        const { address, ...settings } = known;
        await act(title, "PUT", endpointPath(name, e.address), { ...settings, weight }, { headers: { "If-Match": `"${generation}"` } });
    } catch (problem) {
        addReceipt({ title, problem: { message: problem.message, errors: [] } });
    }
    redraw();
}

function weightCell(name, e, redraw) {
    const key = name + e.address;
    if (!may("admin") || !live.fresh()) return h("td", { class: "number", "data-label": "Weight" }, String(e.weight));
    if (edit.key !== key) return h("td", { class: "number", "data-label": "Weight" }, h("button", { type: "button", class: "plain link", "aria-label": `Weight ${e.weight} of ${e.address}: change`, onclick: () => { Object.assign(edit, { key, weight: String(e.weight) }); redraw(); } }, String(e.weight)));
    return h("td", { class: "number", "data-label": "Weight" }, h("form", { class: "row tight", onsubmit: ev => { ev.preventDefault(); setWeight(name, e, redraw); } },
        h("input", { type: "number", min: 0, max: 1000, class: "short", "aria-label": `Weight of ${e.address}`, value: edit.weight, oninput: ev => { edit.weight = ev.target.value; } }),
        h("button", { type: "submit", class: "small" }, "Set"), h("button", { type: "button", class: "small", onclick: () => { edit.key = ""; redraw(); } }, "Leave")));
}

function endpointRow(name, e, redraw) {
    const [kind, word] = condition(e);
    const off = !may("operator") || !live.fresh();
    const button = (state, text) => h("button", { key: state, type: "button", class: "small", disabled: off, "data-act": state, "data-endpoint": e.address, title: STATE_WORDS[state], onclick: () => setState(name, e.address, state) }, text);
    const r = e.requests ?? {};
    return h("tr", { key: e.address },
        h("th", { scope: "row" }, h("code", {}, e.address), e.backup ? h("span", { class: "tag" }, "backup") : null, e.name ? h("span", { class: "tag" }, `name: ${e.name.standing}, ${e.name.addresses.length} addresses`) : null,
            e.detail ? h("div", { class: "why" }, e.detail) : null),
        h("td", {}, h("span", { class: `state ${kind}` }, word), e.checked_at ? h("div", { class: "quiet small-text" }, "checked " + ago(e.checked_at)) : null),
        h("td", { class: "number", "data-label": "In flight" }, count(e.in_flight)), weightCell(name, e, redraw),
        h("td", { class: "number", "data-label": "Answered" }, count(r.ok ?? 0)), h("td", { "data-label": "5xx", class: r.failed ? "number bad" : "number" }, count(r.failed ?? 0)), h("td", { "data-label": "Unreachable", class: r.unreachable ? "number bad" : "number" }, count(r.unreachable ?? 0)),
        h("td", { class: "acts" }, h("div", { class: "row tight" }, e.state === "up" ? [button("drain", "Drain"), button("maint", "Maintenance")] : button("up", "Back in service"))));
}

function badMessages(u) {
    const all = u.endpoints.flatMap(e => (e.refused ?? []).map(r => ({ ...r, address: e.address })));
    if (all.length === 0) return null;
    return h("section", { class: "panel" }, h("h2", {}, "Last answers that were refused"),
        h("p", { class: "quiet" }, "Malformed or ambiguous: no client has got them."),
        h("ul", { class: "log" }, all.reverse().map(r => h("li", {}, h("time", { datetime: r.at }, moment(r.at)), " ", h("code", {}, r.address), h("pre", {}, r.why)))));
}

function healthHistory(name) {
    const all = live.events.filter(e => (e.kind === "health" || e.kind === "ejection") && e.data.upstream === name).slice(-40).reverse();
    return h("section", { class: "panel" }, h("h2", {}, "Health, the latest first"),
        all.length === 0 ? h("p", { class: "quiet" }, "Nothing has changed, as far as the proxy remembers.")
            : h("ul", { class: "log" }, all.map(e => {
                const good = e.kind === "health" ? e.data.up : !e.data.ejected;
                return h("li", { key: e.id }, h("time", { datetime: e.data.at }, moment(e.data.at)), " ", h("span", { class: good ? "state good" : "state bad" }, e.kind === "health" ? (good ? "✓ up" : "✕ down") : good ? "✓ back" : "✕ ejected"), " ", h("code", {}, e.data.endpoint), e.data.detail ? h("span", { class: "why" }, e.data.detail) : null,
                    e.kind === "ejection" && e.data.ejected ? h("span", { class: "why" }, `for ${Math.round(e.data.for_ms / 1000)} s`) : null);
            })));
}

export function upstream({ rest, redraw }) {
    const all = live.status.upstreams;
    const names = Object.keys(all);
    const name = names.includes(rest[0]) ? rest[0] : names[0];
    const u = all[name];
    if (!u) return [h("h1", { tabindex: "-1" }, "Upstreams"), h("p", { class: "quiet" }, "There is no upstream.")];
    const arm = armsOfAll(live.status);
    const used = live.status.routes.filter(r => name in r.split).map(r => r.name);
    return [h("h1", { tabindex: "-1" }, "Upstream ", name), choice(names, name, "upstream", "Upstreams"),
        h("section", { class: "panel" },
            h("div", { class: "head" }, h("h2", {}, `${u.healthy} of ${u.of} healthy`), h("span", { class: "figures" }, h("b", {}, rate(u.requests_per_second)), " /s  ", h("b", {}, rate(u.errors_per_second)), " errors /s  p99 ", h("b", {}, time(u.p99_ms)), "  ", h("b", {}, count(u.in_flight)), " in flight")),
            u.breaker && u.breaker.open + u.breaker.half_open > 0 ? h("p", { class: "note bad" }, `Its breaker is open on ${u.breaker.open} and half open on ${u.breaker.half_open} of ${u.breaker.of} workers.`) : null,
            u.queue ? h("p", { class: "note" }, `${u.queue.waiting} of ${u.queue.limit} places in its queue are taken.`) : null,
            h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Endpoints, scrolls sideways" }, h("table", { class: "endpoints" },
                h("thead", {}, h("tr", {}, [["Endpoint", ""], ["State", ""], ["In flight", "number"], ["Weight", "number"], ["Answered", "number"], ["5xx", "number"], ["Unreachable", "number"], ["Act", ""]].map(([t, c]) => h("th", { scope: "col", class: c }, t)))),
                h("tbody", {}, u.endpoints.map(e => endpointRow(name, e, redraw))))),
            used.length ? h("p", { class: "quiet" }, "In the split of ", used.map((r, i) => [i ? ", " : "", h("a", { key: r, href: `#/route/${encodeURIComponent(r)}` }, r)]), ".") : null,
            charts({ [name]: live.series?.upstreams?.[name] }, { [name]: arm[name] })),
        h("div", { class: "columns" }, healthHistory(name), badMessages(u))];
}
