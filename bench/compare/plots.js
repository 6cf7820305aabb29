// The pictures of what was measured: each stands as JSON where it is drawn. Lines are the dashboard's charts.
import { h, show } from "./element.js";
import { chart, whenHovered } from "./chart.js";
import { count, rate, time } from "./words.js";

const WORDS = { ms: time, "requests/s": v => count(v) + "/s" };
const words = unit => WORDS[unit] ?? (v => v === null || v === undefined ? "–" : `${v >= 100 ? count(v) : rate(v)} ${unit}`);
const ARMS = { switchyard: 1, nginx: 0, haproxy: 2 };
const armOf = (name, i) => ARMS[name.split("-")[0]] ?? i % 4;

function bars({ rows, unit }) {
    const most = Math.max(...rows.map(r => r.most)) || 1;
    const part = v => 100 * v / most + "%";
    return h("ul", { class: "bars" }, rows.map((r, i) => h("li", {}, h("span", {}, r.name),
        h("div", { class: "track" }, h("span", { class: `bar arm${armOf(r.name, i)}`, style: { width: part(r.median) } }),
            h("span", { class: "spread", style: { left: part(r.least), width: part(r.most - r.least) }, title: `${words(unit)(r.least)} to ${words(unit)(r.most)}` })),
        h("strong", {}, words(unit)(r.median)))));
}

const lines = ({ title, of, unit, ends, marks = [], log = false }) =>
    chart({ title, lines: of.map((l, i) => ({ ...l, arm: l.arm ?? armOf(l.name, i) })), words: words(unit), ends, marks, log, legend: true, width: 640, height: 200 });

const KINDS = { bars, lines };
const plots = [...document.querySelectorAll("script.plot")].map(data => {
    const place = document.createElement("div");
    data.after(place);
    return { place, what: JSON.parse(data.textContent) };
});
const draw = () => { for (const { place, what } of plots) show(place, KINDS[what.kind](what)); };
whenHovered(draw);
draw();
