// Which colour, shape and pattern stands for which upstream: blue for what is called blue, green for what is called green,
// and else in the order of the split. Never colour alone.
import { h } from "./element.js";

const SHAPES = ["●", "▲", "■", "◆"];

// { name: 0…3 } for the names of a split, or of all upstreams.
export function arms(names) {
    const out = {}, taken = new Set();
    const take = (name, arm) => { out[name] = arm; taken.add(arm); };
    for (const name of names) {
        if (/blue/i.test(name) && !taken.has(0)) take(name, 0);
        else if (/green/i.test(name) && !taken.has(1)) take(name, 1);
    }
    for (const name of names) {
        if (name in out) continue;
        const free = [0, 1, 2, 3].find(arm => !taken.has(arm));
        take(name, free ?? 3);
    }
    return out;
}

export const shape = arm => h("span", { class: `shape arm${arm}`, "aria-hidden": "true" }, SHAPES[arm]);
export const glyph = arm => SHAPES[arm];
export const named = (name, arm) => h("span", { class: "named" }, shape(arm), " ", name);

// Of every upstream: as in the first split that it stands in, so that it looks the same on every page.
export function armsOfAll(status) {
    const out = {};
    for (const route of status.routes) for (const [name, arm] of Object.entries(arms(Object.keys(route.split)))) out[name] ??= arm;
    const left = Object.keys(status.upstreams).filter(name => !(name in out));
    const others = arms(left);
    for (const name of left) out[name] = others[name];
    return out;
}
