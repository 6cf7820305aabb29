// What is happening: what changes at this moment, and each route's colours side by side over the last ten minutes.
import { h } from "./element.js";
import { arms, armsOfAll, named } from "./arms.js";
import { may } from "./api.js";
import { live, SECONDS } from "./live.js";
import { chart } from "./chart.js";
import { confirm } from "./receipts.js";
import { splitBar } from "./split_bar.js";
import { ago, clock, count, inFlight, percent, rate, span, STATES, time } from "./words.js";

const tile = (title, value, note, bad) => h("div", { class: bad ? "tile bad" : "tile" }, h("span", { class: "title" }, title), h("strong", {}, value), h("span", { class: "under" }, note ?? ""));

function tiles() {
    const s = live.status;
    const t = s.traffic;
    const up = Object.values(s.upstreams).reduce((a, u) => [a[0] + u.healthy, a[1] + u.of], [0, 0]);
    return h("div", { class: "tiles" },
        tile("Requests a second", rate(t.requests_per_second), "over ten seconds"),
        tile("Errors a second", rate(t.errors_per_second), t.requests_per_second > 0 ? percent(100 * t.errors_per_second / t.requests_per_second) + " of all" : "", t.errors_per_second > 0),
        tile("p50", time(t.p50_ms), "50 % are slower"),
        tile("p99", time(t.p99_ms), "1 % are slower"),
        tile("Clients", count(s.connections?.client), "connections"),
        tile("Endpoints healthy", `${up[0]} of ${up[1]}`, "", up[0] < up[1]));
}

// Everything that is under way, or that the operator should know; each with the way to it.
export function happening() {
    const s = live.status;
    const out = [];
    const item = (key, kind, ...words) => out.push(h("li", { key, class: kind }, words));
    if (s.pending) item("pending", "warn", h("span", {}, `Generation ${s.pending.generation} is undone in `, h("strong", {}, span((new Date(s.pending.confirm_by) - Date.now()) / 1000)), " unless somebody keeps it"),
        may("operator") ? h("button", { type: "button", class: "small main", disabled: !live.fresh(), onclick: () => confirm(s.pending.generation) }, "Keep it") : null);
    if (s.workers.adopted < s.workers.of) item("behind", "warn", `Worker ${(s.workers.waiting_for ?? []).join(", ")} has not adopted generation ${s.generation} yet`);
    for (const r of live.rollouts.filter(r => r.holds_route))
        item(r.id, r.needs_person ? "warn" : "busy", h("span", {}, h("a", { href: `#/rollout/${r.id}` }, `Rollout ${r.id}`), ` ${r.route}: ${r.from} → ${r.to}, ${percent(r.weight_in_force)} in step ${r.step} of ${r.of_steps}, ${STATES[r.state]}`, r.why ? h("span", { class: "why" }, r.why) : null));
    for (const r of live.releases.filter(r => r.outcome === "running"))
        item("release" + r.id, "busy", h("span", {}, `Release ${r.id} ${r.route}: ${r.from} → ${r.to}`, r.step ? `, step ${r.step.replaceAll("_", " ")}` : "", `, by ${r.who} since ${clock(r.started_at)}`));
    for (const d of live.drains.filter(d => d.state === "running"))
        item("drain" + d.id, "busy", h("span", {}, h("a", { href: "#/drains" }, `Drain ${d.id}`), ": ", Object.entries(d.in_flight).map(([u, c]) => `${u} has ${inFlight(c)} left`).join(", ")));
    if (s.unstored) item("unstored", "bad", `Generation ${s.unstored.generation} is in force but not stored (${s.unstored.why}): a restart would resume generation ${s.unstored.stored}`);
    if ((s.store?.under_way_ms ?? 0) >= 1000) item("store", "bad", `The disk that holds the state has not answered for ${span(s.store.under_way_ms / 1000)}; ${s.store.waiting} changes wait for it`);
    if (s.file && s.file.state !== "taken") item("file", "warn", `The file ${s.file.path} is not in force (${s.file.state} since ${clock(s.file.since)}): ${s.file.detail ?? ""}`);
    if (!s.ready) item("ready", "warn", "Not ready: some endpoint was not checked yet");
    for (const [name, u] of Object.entries(s.upstreams))
        for (const e of u.endpoints)
            if (e.health === "down" || e.ejected) item(name + e.address, "bad", h("span", {}, h("a", { href: `#/upstream/${encodeURIComponent(name)}` }, name), `: ${e.address} is ${e.ejected ? "ejected" : "down"}`, e.detail ? h("span", { class: "why" }, e.detail) : null));
            else if (e.state !== "up") item(name + e.address, "quiet", h("span", {}, h("a", { href: `#/upstream/${encodeURIComponent(name)}` }, name), `: ${e.address} is in ${e.state}`));
    for (const [name, u] of Object.entries(s.upstreams))
        if (u.discovery?.stale_seconds) item(name + "source", "warn", h("span", {}, h("a", { href: `#/upstream/${encodeURIComponent(name)}` }, name), `: ${u.discovery.source} has given no answer for ${span(u.discovery.stale_seconds)}; what was known goes on`, h("span", { class: "why" }, u.discovery.why)));
        else if (u.discovery?.held) item(name + "held", "quiet", `${name}: ${u.discovery.held} of its endpoints are not named by ${u.discovery.source} any more`);
    for (const c of s.certificates ?? [])
        item("certificate" + c.name, c.state === "expired" || c.trouble ? "bad" : "warn", h("span", {}, `Certificate ${c.name}: ${c.detail ?? c.state.replaceAll("_", " ")}`, c.trouble ? h("span", { class: "why" }, c.trouble.detail) : null));
    for (const notice of s.notices ?? []) item(notice, "warn", notice);
    return out;
}

function inForce() {
    const { status: s, last: g } = live;
    return h("p", { class: "in-force" }, h("strong", {}, `Generation ${s.generation}`), ` is in force on ${s.workers.adopted} of ${s.workers.of} workers`,
        g ? [`, ${ago(g.at)} by ${g.who}`, g.reason ? `: “${g.reason}”` : ` (${g.verb})`] : null, ".");
}

// As much of the ten minutes as there is something to see of.
const WINDOWS = [[60, "1 min ago"], [120, "2 min ago"], [300, "5 min ago"], [SECONDS, "10 min ago"]];
const windowNow = () => WINDOWS.find(w => w[0] > live.status.uptime_s) ?? WINDOWS.at(-1);

// Where the generation changed, as far as the events tell.
export function changeMarks() {
    const ended = live.shownFrom?.getTime() ?? Date.now();
    return live.events.filter(e => e.kind === "change" && e.data.at).map(e => ({ at: windowNow()[0] - 1 - (ended - new Date(e.data.at)) / 1000, text: `generation ${e.data.generation}` })).filter(m => m.at >= 0);
}

export function charts(lines, arm, marks = changeMarks()) {
    const names = Object.keys(arm);
    const [seconds, since] = windowNow();
    const ends = [since, "now"];
    const column = (key, nothing) => names.map(name => ({ name, arm: arm[name], points: lines?.[name]?.[key]?.slice(-seconds) ?? Array(seconds).fill(nothing) }));
    return h("div", { class: "charts" },
        chart({ title: "Requests /s", lines: column("requests", 0), words: rate, ends, marks, least: 1 }),
        chart({ title: "Errors /s", lines: column("errors", 0), words: rate, ends, marks, least: 1 }),
        chart({ title: "p50", lines: column("p50_ms", null), words: time, ends, marks }),
        chart({ title: "p99", lines: column("p99_ms", null), words: time, ends, marks, by: "most" }));
}

function routeCard(r) {
    const arm = arms(Object.keys(r.split));
    const led = live.rollouts.find(o => o.holds_route && o.route === r.name);
    return h("section", { key: r.name, class: "panel route", "aria-label": `Route ${r.name}` },
        h("div", { class: "head" }, h("h2", {}, h("a", { href: `#/route/${encodeURIComponent(r.name)}` }, r.name)),
            led ? h("a", { class: "pill busy", href: `#/rollout/${led.id}` }, `rollout ${led.id}`) : null,
            h("span", { class: "figures" }, h("b", {}, rate(r.requests_per_second)), " /s  ", h("b", {}, rate(r.errors_per_second)), " errors /s  p99 ", h("b", {}, time(r.p99_ms)))),
        splitBar(r.split),
        charts(live.series?.routes?.[r.name], arm));
}

function upstreamTable() {
    const all = Object.entries(live.status.upstreams);
    const arm = armsOfAll(live.status);
    const spoken = (u, ms) => u.requests_per_second > 0 ? time(ms) : "–";
    return h("section", { class: "panel" }, h("h2", {}, "Upstreams"),
        h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Upstreams, scrolls sideways" }, h("table", {},
            h("thead", {}, h("tr", {}, ["Upstream", "Healthy", "Requests /s", "Errors /s", "p50", "p99", "In flight"].map((t, i) => h("th", { scope: "col", class: i ? "number" : "" }, t)))),
            h("tbody", {}, all.map(([name, u]) => h("tr", { key: name },
                h("th", { scope: "row" }, h("a", { href: `#/upstream/${encodeURIComponent(name)}` }, named(name, arm[name]))),
                h("td", { class: u.healthy < u.of ? "number bad" : "number" }, `${u.healthy} of ${u.of}`),
                h("td", { class: "number" }, rate(u.requests_per_second)), h("td", { class: u.errors_per_second > 0 ? "number bad" : "number" }, rate(u.errors_per_second)),
                h("td", { class: "number" }, spoken(u, u.p50_ms)), h("td", { class: "number" }, spoken(u, u.p99_ms)), h("td", { class: "number" }, count(u.in_flight))))))));
}

export function now() {
    const items = happening();
    return [h("h1", { tabindex: "-1" }, "Now"), inForce(),
        h("section", { class: "happening", "aria-label": "At this moment" }, items.length ? h("ul", {}, items) : h("p", { class: "quiet" }, "Nothing changes at this moment.")),
        tiles(), live.status.routes.map(routeCard), upstreamTable()];
}
