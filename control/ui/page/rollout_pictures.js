// A rollout over time: its weight, both releases beside each other, and what came near to taking it back. Drawn on its page, and in
// the report that is saved of it.
import { h } from "./element.js";
import { arms } from "./arms.js";
import { chart } from "./chart.js";
import { percent, span, time } from "./words.js";

const MOST_NEAR = 4;

// `near`: of how many tests, those that came nearest. Dotted lines are changes of the weight.
export function pictures(r, near = MOST_NEAR) {
    const samples = r.timeline?.samples ?? [];
    if (samples.length === 0) return null;  // it ended before the first look
    const arm = arms([r.from, r.to]);
    const length = samples.at(-1).at - samples[0].at;
    const ends = ["begin", `after ${span(length)}`];
    const rateOf = a => a[0] ? 100 * a[1] / a[0] : null;
    const two = pick => [{ name: r.from, arm: arm[r.from] ?? 0, points: samples.map(s => pick(s.from)) }, { name: r.to, arm: arm[r.to] ?? 1, points: samples.map(s => pick(s.to)) }];
    // The last look, which may have ended it, is no sample.
    const atLast = name => r.evidence?.find(row => row.test === name)?.part;
    const nearest = r.timeline.tests.map((name, i) => ({ name, parts: [...samples.map(s => s.evidence[i]), atLast(name)].map(part => Math.max(0, part ?? 0)) })).map(t => ({ ...t, most: Math.max(...t.parts) })).sort((a, b) => b.most - a.most).slice(0, near);
    const marks = samples.flatMap((s, at) => s.weight_ppm !== (samples[at - 1]?.weight_ppm ?? 0) ? [{ at, text: percent(s.weight_ppm / 1e4) }] : []);
    const pc = v => v === null || v === undefined ? "–" : percent(v);
    return h("section", { class: "panel" }, h("h2", {}, "Over time"), h("div", { class: "charts" },
        chart({ title: `Weight of ${r.to}`, lines: [{ name: r.to, arm: arm[r.to] ?? 1, points: [...samples.map(s => s.weight_ppm / 1e4), r.weight_in_force] }], words: pc, ends, marks, top: 100, stepped: true }),
        chart({ title: "Failed", lines: two(rateOf), words: pc, ends, marks, least: 1 }),
        chart({ title: "p50 of the step", lines: two(a => a[2] ? a[2] / 1000 : null), words: time, ends, marks }),
        chart({ title: "p99 of the step", lines: two(a => a[4] ? a[4] / 1000 : null), words: time, ends, marks, by: "most" })),
        h("h3", {}, "Evidence, as part of what acts"),
        h("div", { class: "charts" }, nearest.map(t => chart({ title: t.name.replaceAll("_", " "), lines: [{ name: r.to, arm: 2, points: t.parts.map(part => 100 * part) }], words: v => v === null ? "–" : Math.round(v) + "\u202f%", ends, marks, threshold: 100, top: 110, by: "most" }))));
}
