// Lines over time as SVG: a line per arm, a threshold, marks where something happened, and one cross-hair for all charts.
//
// A small one of our own and not a plotting library (docs/decisions/0013): what is drawn is some hundred points, follows
// the theme by itself, can be read out, and stays sharp on paper.
import { h } from "./element.js";
import { glyph } from "./arms.js";

const narrow = matchMedia("(max-width: 46rem)");
const TOP = 14, BOTTOM = 16, SIDE = 2;
export const hover = { part: null, from: null };  // 0…1 of the width of every chart
let redraw = () => {};
export const whenHovered = act => { redraw = act; };

function nice(most) {
    if (!(most > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(most));
    return [1, 1.5, 2, 3, 4, 5, 8, 10].map(step => step * power).find(top => top >= most);
}

// So few points that each has a pixel: the mean of some neighbours, or the largest.
function thinned(points, most, by) {
    const size = Math.max(1, Math.ceil(points.length / most));
    if (size === 1) return points.map((y, x) => [x, y]);
    const out = [];
    for (let at = 0; at < points.length; at += size) {
        const some = points.slice(at, at + size).filter(y => y !== null && y !== undefined);
        const y = some.length === 0 ? null : by === "most" ? Math.max(...some) : some.reduce((a, b) => a + b, 0) / some.length;
        out.push([at + (Math.min(size, points.length - at) - 1) / 2, y]);
    }
    return out;
}

function path(pairs, x, y, stepped) {
    let out = "", pen = false, before = null;
    for (const [at, value] of pairs) {
        if (value === null || value === undefined) { pen = false; continue; }
        if (!pen) out += `M${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        else if (stepped) out += `H${x(at).toFixed(1)}V${y(value).toFixed(1)}`;
        else out += `L${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        if (!pen && before !== null) out += "h0.1";  // one point between two gaps is seen as well
        pen = true;
        before = at;
    }
    return out;
}

const last = points => points.findLast(y => y !== null && y !== undefined);

// From nothing, or, `log`, from the power of ten below the least.
function scale(values, { least = 0, top = null, log = false }) {
    const most = top ?? nice(Math.max(least, ...values));
    if (!log) return { most, part: value => Math.min(value, most) / most, grid: [0, most / 2, most] };
    const low = Math.floor(Math.log10(Math.min(...values.filter(v => v > 0)))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
    return { most: 10 ** high, part: value => Math.max(0, Math.log10(value) - low) / (high - low), grid: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) };
}

// lines: [{ name, arm, points }], all of one length, or each with the places of its points, `at`; words: a value as text; ends: texts
// under the two ends
export function chart({ title, lines, words, ends, marks = [], threshold = null, by = "mean", least = 0, width = narrow.matches ? 165 : 230, height = 92, stepped = false, top = null, log = false, legend = false }) {
    const length = Math.max(1, ...lines.map(l => l.points.length));
    const places = lines.flatMap(l => l.at ?? []);
    const [from, to] = places.length ? [Math.min(...places), Math.max(...places)] : [0, length - 1];
    const drawn = lines.map(l => ({ ...l, pairs: l.at ? l.points.map((y, i) => [l.at[i], y]) : thinned(l.points, width, by) }));
    const { most, part, grid } = scale(drawn.flatMap(l => l.pairs.map(p => p[1] ?? 0)), { least: Math.max(least, threshold ?? 0), top, log });
    const x = at => SIDE + (to === from ? 0 : (at - from) / (to - from)) * (width - 2 * SIDE);
    const y = value => TOP + (1 - part(value)) * (height - TOP - BOTTOM);
    const at = hover.part === null ? null : places.length ? from + hover.part * (to - from) : Math.round(hover.part * (length - 1));
    const nearest = l => l.at.reduce((best, place, i) => Math.abs(place - at) < Math.abs(l.at[best] - at) ? i : best, 0);
    const value = l => at === null ? last(l.points.slice(-5)) ?? (l.points.some(p => p !== null) ? l.points.at(-1) : null) : l.points[l.at ? nearest(l) : at];
    const said = lines.map(l => `${l.name} ${words(last(l.points.slice(-5)) ?? null)}`).join(", ");
    const moved = event => {
        const box = event.currentTarget.getBoundingClientRect();
        hover.part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
        redraw();
    };
    return h("figure", { class: "chart" },
        h("figcaption", {}, h("span", { class: "title" }, title),
            h("span", { class: "values" }, lines.map(l => h("span", { class: `value arm${l.arm}`, key: l.name, title: l.name }, `${glyph(l.arm)} ${legend ? l.name + " " : ""}${words(value(l))}`)))),
        h("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: now ${said}`, onpointermove: moved, onpointerleave: () => { hover.part = null; redraw(); } },
            grid.map((value, i) => h("line", { class: i === 0 ? "axis" : "grid", x1: 0, x2: width, y1: y(value), y2: y(value) })),
            marks.map(m => h("line", { class: "mark", x1: x(m.at), x2: x(m.at), y1: TOP, y2: height - BOTTOM }, h("title", {}, m.text))),
            threshold === null ? null : h("line", { class: "threshold", x1: 0, x2: width, y1: y(threshold), y2: y(threshold) }),
            drawn.map(l => l.arm === 0 && !stepped ? h("path", { class: "area arm0", d: area(l.pairs, x, y, height - BOTTOM) }) : null),
            drawn.map(l => h("path", { class: `line arm${l.arm}`, d: path(l.pairs, x, y, stepped) })),
            drawn.map(l => { const end = l.pairs.at(-1); return end && end[1] !== null && end[1] !== undefined
                ? h("text", { class: `end arm${l.arm}`, x: x(end[0]), y: y(end[1]) }, glyph(l.arm)) : null; }),
            at === null ? null : h("line", { class: "hair", x1: x(at), x2: x(at), y1: TOP, y2: height - BOTTOM }),
            h("text", { class: "tick", x: 0, y: TOP - 4 }, words(most)),
            h("text", { class: "tick", x: 0, y: height - 4 }, ends[0]),
            h("text", { class: "tick right", x: width, y: height - 4 }, ends[1])));
}

function area(pairs, x, y, floor) {
    let out = "", run = [];
    const close = () => {
        if (run.length > 1) out += `M${x(run[0][0]).toFixed(1)} ${floor}` + run.map(([at, v]) => `L${x(at).toFixed(1)} ${y(v).toFixed(1)}`).join("") + `L${x(run.at(-1)[0]).toFixed(1)} ${floor}Z`;
        run = [];
    };
    for (const pair of pairs) if (pair[1] === null || pair[1] === undefined) close(); else run.push(pair);
    close();
    return out;
}
