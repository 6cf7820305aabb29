// What is still in flight by older generations, and how long it may take.
import { h } from "./element.js";
import { arms, named } from "./arms.js";
import { get } from "./api.js";
import { live } from "./live.js";
import { ago, allOf, count, inFlight, moment, span } from "./words.js";

// Also one that is past its time may wait for something.
const left = d => d.state === "running" || d.state === "expired" && Object.values(d.in_flight).some(c => allOf(c) > 0);
const MOST_ENDED = 30;
const WORDS = { running: "running", done: "done", expired: "past its time" };

function bar(left, at) {
    const gone = at ? 100 * (1 - left / at) : 100;
    return h("div", { class: "progress good", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(gone), "aria-label": "finished" }, h("i", { style: { width: gone + "%" } }));
}

function card(d) {
    const names = [...new Set([...Object.keys(d.at_start), ...Object.keys(d.in_flight)])];
    const arm = arms(names);
    const none = { requests: 0, streams: 0, tunnels: 0 };
    return h("section", { key: d.id, class: "panel drain" },
        h("div", { class: "head" }, h("h2", {}, `Drain ${d.id}`), h("span", { class: `pill ${d.state === "done" ? "good" : d.state === "running" ? "busy" : "warn"}` }, WORDS[d.state]),
            h("span", { class: "quiet" }, d.ended_at ? `took ${((new Date(d.ended_at) - new Date(d.started_at)) / 1000).toFixed(1)} s · ${ago(d.ended_at)}` : `since ${moment(d.started_at)}`)),
        names.length === 0 ? h("p", { class: "quiet" }, "Nothing was in flight.")
            : h("table", {}, h("thead", {}, h("tr", {}, ["From", "Requests", "Streams", "Tunnels", "At the start", "Finished"].map((t, i) => h("th", { scope: "col", class: i && i < 5 ? "number" : "" }, t)))),
                h("tbody", {}, names.map(name => {
                    const left = d.in_flight[name] ?? none, at = d.at_start[name] ?? none;
                    return h("tr", { key: name }, h("th", { scope: "row" }, named(name, arm[name])), h("td", { class: "number" }, count(left.requests)), h("td", { class: "number" }, count(left.streams)), h("td", { class: "number" }, count(left.tunnels)),
                        h("td", { class: "number" }, count(allOf(at))), h("td", {}, bar(allOf(left), allOf(at))));
                }))),
        d.deadline && d.state === "running" ? h("p", { class: "note" }, `Until ${moment(d.deadline)} (${span((new Date(d.deadline) - Date.now()) / 1000)}), then what is left ${d.policy === "cut" ? "is cut" : "may finish in its own time"}.`) : null,
        left(d) && details[d.id]?.oldest.length ? oldest(details[d.id].oldest) : null);
}

function oldest(all) {
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "The oldest, scrolls sideways" }, h("table", {}, h("caption", {}, "The oldest"),
        h("thead", {}, h("tr", {}, ["Age", "Request", "Route", "From", "Client"].map((t, i) => h("th", { scope: "col", class: i ? "" : "number" }, t)))),
        h("tbody", {}, all.slice(0, 20).map(o => h("tr", {}, h("td", { class: "number" }, span(o.age_ms / 1000)), h("td", {}, h("code", { class: "break" }, `${o.method} ${o.path}`), o.tunnel ? h("span", { class: "tag" }, "tunnel") : null), h("td", {}, o.route), h("td", {}, `${o.upstream}, generation ${o.generation}`), h("td", {}, o.client))))));
}

// Of what is over a line is enough.
function ended(all) {
    if (all.length === 0) return null;
    const counts = d => Object.entries(d.at_start).map(([name, at]) => `${name} ${allOf(at) ? inFlight(at) : "nothing"}`).join("; ") || "nothing";
    return h("section", { class: "panel" }, h("h2", {}, "Ended"),
        h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Drains that have ended, scrolls sideways" }, h("table", {},
            h("thead", {}, h("tr", {}, ["Drain", "State", "Took", "In flight at the start", "Ended"].map((t, i) => h("th", { scope: "col", class: i === 2 ? "number" : "" }, t)))),
            h("tbody", {}, all.map(d => h("tr", { key: d.id }, h("th", { scope: "row" }, d.id), h("td", {}, h("span", { class: `pill ${d.state === "done" ? "good" : "warn"}` }, WORDS[d.state])),
                h("td", { class: "number" }, d.ended_at ? `${((new Date(d.ended_at) - new Date(d.started_at)) / 1000).toFixed(1)} s` : "–"), h("td", {}, counts(d)), h("td", {}, d.ended_at ? ago(d.ended_at) : moment(d.started_at))))))));
}

// What is left of a drain in detail is asked for while it is shown.
const details = {};

async function follow(d, redraw) {
    const known = details[d.id] ??= { askedAt: 0, oldest: [] };
    if (performance.now() - known.askedAt < 1000) return;
    known.askedAt = performance.now();
    try {
        known.oldest = (await get(`/v1/drains/${d.id}`)).oldest ?? [];
        redraw();
    } catch {
        // the figures say that the proxy does not answer
    }
}

export function drains({ redraw }) {
    const all = live.drains;
    const running = all.filter(left);
    for (const d of running.slice(0, 4)) follow(d, redraw);
    return [h("h1", { tabindex: "-1" }, "Drains"),
        h("p", { class: "quiet" }, "What a change took traffic from finishes what it has. The counts can only fall: zero is final, and then the old release can be stopped."),
        all.length === 0 ? h("p", { class: "quiet" }, "There was none yet.") : null,
        running.map(card), ended(all.filter(d => !left(d)).slice(0, MOST_ENDED))];
}
