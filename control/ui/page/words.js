// Figures and states in words that an operator uses.

export const count = n => n === undefined || n === null ? "–" : Math.round(n).toLocaleString("en-US").replaceAll(",", "\u202f");

export function rate(n) {
    if (n === undefined || n === null) return "–";
    return n >= 100 || Number.isInteger(n) ? count(n) : n >= 10 ? n.toFixed(1) : n === 0 ? "0" : n.toFixed(n < 0.1 ? 2 : 1);
}

export function time(ms) {
    if (ms === undefined || ms === null) return "–";
    if (ms >= 10000) return (ms / 1000).toFixed(1) + " s";
    return (ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)) + " ms";
}

export function span(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60 ? s % 60 + " s" : ""}`.trim();
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

export const clock = at => (at instanceof Date ? at : new Date(at)).toLocaleTimeString("en-GB");

export function moment(at) {
    const when = new Date(at);
    const today = new Date().toDateString() === when.toDateString();
    return today ? clock(when) : when.toLocaleDateString("en-CA") + " " + clock(when);
}

export const ago = at => span((Date.now() - new Date(at).getTime()) / 1000) + " ago";

export function share(weight, split) {
    const sum = Object.values(split).reduce((a, b) => a + b, 0);
    return sum === 0 ? 0 : 100 * weight / sum;
}

export function percent(part) {
    return (part === 0 || part >= 10 && part % 1 < 0.005 ? part.toFixed(0) : part >= 1 ? String(+part.toFixed(1)) : String(+part.toPrecision(2))) + "\u202f%";
}

const some = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`;
export const requests = n => some(n, "request", "requests");
export const allOf = c => c.requests + c.streams + c.tunnels;
export function inFlight(c) {
    const parts = [];
    if (c.requests) parts.push(requests(c.requests));
    if (c.streams) parts.push(some(c.streams, "stream", "streams"));
    if (c.tunnels) parts.push(some(c.tunnels, "tunnel", "tunnels"));
    return parts.join(", ") || "nothing";
}

// "in force on 2 of 2 workers after 1.7 ms"
export function receiptWords(receipt) {
    if (receipt.dry_run) return "nothing is changed yet";
    if (receipt.unchanged) return "nothing to change: it is so already";
    const { workers, of } = receipt.adopted;
    return workers === of ? `in force on ${workers} of ${of} workers after ${(receipt.took_us / 1000).toFixed(1)} ms`
                          : `stored, and in force on ${workers} of ${of} workers: worker ${(receipt.adopted.waiting_for ?? []).join(", ")} has not answered yet`;
}

// A rule's condition: {"header": "X-Release", "equals": "canary"}
export function condition(when) {
    if (!when || typeof when !== "object") return "";
    if (when.all) return when.all.map(w => w.any ? `(${condition(w)})` : condition(w)).join(" and ");
    if (when.any) return when.any.map(condition).join(" or ");
    if (when.not) return "not (" + condition(when.not) + ")";
    const subject = ["header", "cookie", "query", "client", "method", "path", "claim"].find(key => key in when);
    if (!subject) return JSON.stringify(when);
    const named = ["header", "cookie", "query", "claim"].includes(subject);
    const what = named ? `${subject} ${when[subject]}` : subject;
    const say = { equals: "is", in: "is one of", prefix: "begins with", matches: "matches" };
    for (const [key, verb] of Object.entries(say)) if (key in when) return `${what} ${verb} ${[when[key]].flat().join(", ")}`;
    if ("present" in when) return `${what} is ${when.present ? "there" : "not there"}`;
    if (!named) return `${subject} ${subject === "client" ? "is in" : "is"} ${[when[subject]].flat().join(", ")}`;
    return `${what} is there`;
}

// What stands behind an e-value: luck alone reaches 1000 in one of a thousand rollouts, so that one is certain to 99.9 %.
export function certainty(lnE) {
    if (lnE > Math.log(1e6)) return "more than 99.9999\u202f%";
    const part = 100 * (1 - Math.exp(-lnE));
    const digits = part < 90 ? 0 : part < 99 ? 1 : part < 99.9 ? 2 : 3;
    return part.toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") + "\u202f%";
}

const LEVELS = { p50: "half of", p90: "the slowest tenth of", p99: "the slowest hundredth of", tail: "the very slowest of" };

// What a test would say of the new release if it came to its end.
export function accusation(test, from, to) {
    const name = test.replace(/_shift$/, "");
    const timed = /^(latency|duration)_(p\d+|tail)$/.exec(name);
    if (timed) return `${LEVELS[timed[2]] ?? timed[2] + " of"} ${to}'s ${timed[1] === "latency" ? "first bytes" : "answers"} ${timed[2] === "p50" ? "are" : "is"} slower than ${from}'s`;
    if (name.startsWith("answers_")) return `${to} gives more ${name.slice(8).replaceAll("_", " ")} answers than ${from}`;
    return { errors: `${to} fails more than ${from}`, raw: `${to} fails more than ${from}, request by request`,
             extra_failures: `${to} has caused more failures than the plan allows`, sample_ratio: `${to} does not get the share that it should`,
             slo_errors: `${to} alone fails more than its objective allows`, latency_alone: `${to} alone is slower than its objective allows`,
             duration_alone: `${to}'s whole answers are slower than its objective allows`, last_twenty: `the last requests to ${to} failed` }[name]
        ?? `${to}: ${name.replaceAll("_", " ")}`;
}

export function evidence(row, from, to) {
    const what = accusation(row.test, from, to);
    if (row.ln_e <= -0.5) return `what there is speaks against it: no sign that ${what}`;
    if (row.ln_e < 0.5) return `nothing says yet that ${what}`;
    return `certain to ${certainty(row.ln_e)} that ${what}`;
}

export const STATES = { running: "running", paused: "paused", inconclusive: "undecided", rolling_back: "going back", succeeded: "succeeded",
                        rolled_back: "rolled back", aborted: "aborted" };
