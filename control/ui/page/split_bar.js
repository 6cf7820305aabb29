// A route's split as a bar that moves.
import { h } from "./element.js";
import { arms, glyph } from "./arms.js";
import { percent, share } from "./words.js";

const NARROW = 14;  // percent: less has no room for its name

export function splitBar(split, { wanted = null } = {}) {
    const names = Object.keys(split);
    const arm = arms(names);
    const parts = names.map(name => ({ name, part: share(split[name], split), arm: arm[name] }));
    const said = parts.map(p => `${p.name} ${percent(p.part)}`).join(", ");
    return h("div", { class: "split" },
        h("div", { class: "bar", role: "img", "aria-label": (wanted ? "would be " : "split: ") + said },
            parts.map(p => h("div", { key: p.name, class: `part arm${p.arm}`, style: { width: p.part + "%" }, title: `${p.name} ${percent(p.part)}` },
                p.part >= NARROW ? h("span", {}, `${glyph(p.arm)} ${p.name} ${percent(p.part)}`) : null))),
        h("div", { class: "rest" }, parts.filter(p => p.part < NARROW).map(p =>
            h("span", { key: p.name }, h("span", { class: `shape arm${p.arm}` }, glyph(p.arm)), ` ${p.name} ${percent(p.part)}`))));
}
