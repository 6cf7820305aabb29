// What is known of the running proxy, and since when: asked once a second, and at once when an event says that something
// has changed. The stream of events is resumed after the last one that was seen.
//
// Invariant: `live.fresh()` is false as soon as the figures are older than STALE; every view of them says so.
import { call, identity, request } from "./api.js";

const EVERY = 1000;
const EVERY_HIDDEN = 5000;    // the page is hidden
const STALE = 3500;           // three looks that went by
const ANSWER_TIME = 5000;
const SILENCE = 25000;        // a sign of life comes every 15 s
const RETRY = [250, 500, 1000, 2000, 5000];
const KEPT_EVENTS = 400;
export const SECONDS = 600;

export const live = {
    status: null, series: null, rollouts: [], drains: [], last: null, releases: [], events: [],
    answeredAt: 0, shownFrom: null, problem: "", streaming: false,
    fresh: () => live.answeredAt > 0 && performance.now() - live.answeredAt < (document.hidden ? EVERY_HIDDEN : 0) + STALE,
    age: () => Math.round((performance.now() - live.answeredAt) / 1000),
};

let run = 0;                  // which beginning this is; another one ends the loops of the one before
let tell = () => {};
let lastEvent = "0";
let news = false;             // an event came: look at what changes seldom, too
let wake = () => {};
const takers = [];
export const whenEvent = take => takers.push(take);

export function begin(onChange) {
    ++run;
    tell = onChange;
    lastEvent = "0";
    news = true;
    Object.assign(live, { status: null, series: null, rollouts: [], drains: [], last: null, releases: [], events: [], answeredAt: 0, problem: "", streaming: false });
    look(run);
    listen(run);
}

export function end() {
    ++run;
    wake();
}

// After an own change: not at the next second.
export function lookNow() {
    news = true;
    wake();
}

const pause = time => new Promise(done => {
    const clock = setTimeout(done, time);
    wake = () => { clearTimeout(clock); done(); };
});

async function look(mine) {
    while (mine === run) {
        try {
            await lookOnce(mine);
            live.problem = "";
        } catch (problem) {
            if (mine !== run) return;
            live.problem = problem.message;
        }
        if (mine !== run) return;
        tell();
        await pause(document.hidden ? EVERY_HIDDEN : EVERY);
    }
}

async function lookOnce(mine) {
    const within = { within: ANSWER_TIME };
    const seldom = news || live.rollouts.some(r => r.holds_route) || live.drains.some(d => d.state === "running") || live.releases.some(r => r.outcome === "running");
    news = false;
    const asked = [call("GET", "/v1/status", within), call("GET", "/v1/series?after=" + (live.series?.to ?? 0), within)];
    if (seldom) asked.push(call("GET", "/v1/rollouts", within), call("GET", "/v1/drains", within), call("GET", "/v1/generations?limit=1", within), call("GET", "/v1/releases", within));
    try {
        const [status, series, rollouts, drains, generations, releases] = await Promise.all(asked);
        if (mine !== run) return;
        live.status = status;
        live.series = joined(live.series, series);
        if (seldom) {
            live.rollouts = rollouts.rollouts;
            live.drains = drains.drains;
            live.last = generations.generations[0] ?? null;
            live.releases = releases.releases;
        }
        live.answeredAt = performance.now();
        live.shownFrom = new Date();
    } catch (problem) {
        news = news || seldom;
        throw problem;
    }
}

// The ring as it is now: what was known moved on by what came.
function joined(before, came) {
    if (!before || came.seconds >= SECONDS || came.to < before.to) return came;
    const out = { ...came, seconds: SECONDS, routes: {}, upstreams: merged(before.upstreams, came.upstreams, came.seconds) };
    for (const route of new Set([...Object.keys(before.routes), ...Object.keys(came.routes)]))
        out.routes[route] = merged(before.routes[route] ?? {}, came.routes[route] ?? {}, came.seconds);
    return out;
}

function merged(before, came, seconds) {
    const out = {};
    for (const name of new Set([...Object.keys(before), ...Object.keys(came)])) {
        out[name] = {};
        for (const column of ["requests", "errors", "p50_ms", "p99_ms"]) {
            const nothing = column.endsWith("ms") ? null : 0;
            const old = before[name]?.[column] ?? Array(SECONDS).fill(nothing);
            const fresh = came[name]?.[column] ?? Array(seconds).fill(nothing);
            out[name][column] = [...old, ...fresh].slice(-SECONDS);
        }
        if (!out[name].requests.some(n => n > 0)) delete out[name];
    }
    return out;
}

async function listen(mine) {
    let failed = 0;
    while (mine === run) {
        try {
            await follow(mine, () => { failed = 0; });
        } catch {
            // it is told by the figures that stay away, and by `streaming`
        }
        if (mine !== run) return;
        if (live.streaming) live.streaming = false, tell();
        await new Promise(done => setTimeout(done, RETRY[Math.min(failed++, RETRY.length - 1)]));
    }
}

async function follow(mine, alive) {
    const over = new AbortController();
    let clock = setTimeout(() => over.abort(), SILENCE);
    const answer = await request("GET", "/v1/events", { headers: { "Last-Event-ID": lastEvent }, signal: over.signal });
    if (!answer.ok) {
        clearTimeout(clock);
        throw new Error(String(answer.status));
    }
    live.streaming = true;
    tell();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (mine === run) {
        const { value, done } = await reader.read();
        if (done) break;
        alive();
        clearTimeout(clock);
        clock = setTimeout(() => over.abort(), SILENCE);
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop();
        for (const block of blocks) take(block);
    }
    clearTimeout(clock);
    over.abort();
}

function take(block) {
    const fields = {};
    for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (!fields.event) return;
    if (fields.id) lastEvent = fields.id;
    if (fields.event === "gap") return lookNow();
    let data = {};
    try { data = JSON.parse(fields.data); } catch { return; }
    live.events.push({ id: fields.id, kind: fields.event, data });
    if (live.events.length > KEPT_EVENTS) live.events.splice(0, live.events.length - KEPT_EVENTS);
    for (const one of takers) one(fields.event, data);
    if (identity.role) lookNow();
}
