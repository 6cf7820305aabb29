// What a change would do, asked of the proxy itself (a dry run) before it is done.
import { h } from "./element.js";
import { call } from "./api.js";

const SETTLE = 250;  // ms without another movement of a slider

// One preview: `ask()` gives [method, path, body] of the change, or null when there is none to make.
export class Preview {
    constructor(redraw) {
        this.redraw = redraw;
        this.clear();
    }

    clear() {
        clearTimeout(this.clock);
        this.number = (this.number ?? 0) + 1;
        Object.assign(this, { receipt: null, problem: null, asking: false });
    }

    soon(ask) {
        this.clear();
        this.asking = true;
        this.clock = setTimeout(() => this.look(ask), SETTLE);
        this.redraw();
    }

    async look(ask) {
        const mine = ++this.number;
        const change = ask();
        this.asking = change !== null;
        if (!change) return this.redraw();
        const [method, path, body] = change;
        let receipt = null, problem = null;
        try {
            receipt = await call(method, path + (path.includes("?") ? "&" : "?") + "dry_run=true", { body });
        } catch (error) {
            problem = error;
        }
        if (mine !== this.number) return;
        Object.assign(this, { receipt, problem, asking: false });
        this.redraw();
    }

    // It may be done: it was looked at, and is not refused.
    ready() {
        return this.receipt !== null && !this.receipt.unchanged;
    }

    // Goes with the change itself, so that it is what was looked at.
    headers(reason) {
        return { "If-Match": `"${this.receipt.previous}"`, ...(reason ? { "X-Reason": reason } : {}) };
    }

    shown() {
        if (this.problem) return h("div", { class: "preview bad", role: "status" }, h("p", {}, "It would be refused: ", this.problem.message),
            h("ul", {}, this.problem.errors.slice(0, 12).map(e => h("li", {}, h("code", {}, e.pointer || "/"), " ", e.detail))));
        if (!this.receipt) return h("div", { class: "preview quiet", role: "status" }, this.asking ? "Looking what it would change…" : "What it would change is shown here before it is done.");
        if (this.receipt.unchanged) return h("div", { class: "preview quiet", role: "status" }, "It is so already.");
        return h("div", { class: "preview", role: "status" }, h("p", { class: "label" }, `It would change, from generation ${this.receipt.previous}`),
            h("ul", {}, this.receipt.changes.slice(0, 30).map(c => h("li", {}, c)), (this.receipt.moves ?? []).map(m => h("li", { class: "move" }, m))));
    }
}
