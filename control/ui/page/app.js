// The frame of all pages: where one is, who one is, what is in force, and whether what is shown is fresh.
import { h, show } from "./element.js";
import { identity, logInAsBefore, logInByLink, logOut, whenLoggedOut } from "./api.js";
import { begin, end, live, whenEvent } from "./live.js";
import { clearReceipts, receiptList, whenReceived } from "./receipts.js";
import { whenHovered } from "./chart.js";
import { clock, span } from "./words.js";
import { login, loginProblem } from "./login.js";
import { now } from "./now.js";
import { route } from "./route.js";
import { upstream } from "./upstream.js";
import { rollout } from "./rollout.js";
import { history } from "./history.js";
import { drains } from "./drains.js";
import { configuration } from "./configuration.js";

const PAGES = [["now", "Now", now], ["route", "Routes", route], ["upstream", "Upstreams", upstream], ["rollout", "Rollouts", rollout],
               ["history", "History", history], ["drains", "Drains", drains], ["configuration", "Configuration", configuration]];
const root = document.getElementById("app");
const setPlace = hash => window.history.replaceState(null, "", location.pathname + hash);
let entered = false, asked = false, planned = false;
let shownPage = "";

function place() {
    const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
    const page = PAGES.find(p => p[0] === name) ?? PAGES[0];
    try {
        return { page, rest: rest.map(part => decodeURIComponent(part)) };
    } catch {
        return { page: PAGES[0], rest: [] };  // a broken %, by a link that was cut
    }
}

export function redraw() {
    if (planned) return;
    planned = true;
    const draw = () => { if (planned) planned = false, render(); };
    if (document.hidden) setTimeout(draw, 0);
    else requestAnimationFrame(draw);
}

function render() {
    if (!entered) {
        document.title = "Switchyard";
        return show(root, asked ? login(redraw, enter) : h("main", { class: "login" }, h("p", { class: "quiet" }, "One moment…")));
    }
    const { page: [name, title, draw], rest } = place();
    const generation = live.status?.generation;
    document.title = `${title} · Switchyard`;
    show(root,
        h("a", { class: "skip", href: "#content", onclick: e => { e.preventDefault(); document.getElementById("content").focus(); } }, "To the content"),
        h("header", { class: "frame" }, h("div", {},
            h("a", { class: "brand", href: "#/now" }, h("img", { src: "icon.svg", alt: "", width: "28", height: "28" }), " Switchyard"),
            h("nav", { "aria-label": "Pages" }, PAGES.map(([key, text]) => h("a", { key, href: "#/" + key, "aria-current": key === name ? "page" : null }, text, badge(key)))),
            h("div", { class: "about" },
                connection(),
                generation ? h("span", { class: "generation" }, "Generation ", h("strong", {}, generation)) : null,
                h("span", { class: "who" }, `${identity.name} · ${identity.role}`),
                h("button", { type: "button", class: "small", id: "log-out", onclick: logOut }, "Log out")))),
        lostBanner(),
        h("main", { id: "content", tabindex: "-1", class: live.fresh() ? "fresh" : "stale", "data-page": name },
            live.status ? draw({ rest, redraw }) : h("p", { class: "quiet wait" }, live.problem || "Asking Switchyard…")),
        receiptList());
    if (shownPage !== name + rest.join("/")) {
        if (shownPage) window.scrollTo(0, 0), document.querySelector("main h1")?.focus();
        shownPage = name + rest.join("/");
    }
    document.querySelector("nav [aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
}

function badge(key) {
    const running = key === "rollout" ? live.rollouts.filter(r => r.holds_route).length : key === "drains" ? live.drains.filter(d => d.state === "running").length : 0;
    return running ? h("span", { class: "badge", "aria-label": `${running} running` }, running) : null;
}

function connection() {
    if (!live.answeredAt) return h("span", { class: "pill" }, "connecting");
    if (!live.fresh()) return h("span", { class: "pill bad", id: "connection" }, "no connection");
    return h("span", { class: "pill good", id: "connection", title: live.streaming ? "asked every second, events as they happen" : "asked every second" }, "live");
}

// Old figures never look like new ones.
function lostBanner() {
    if (!live.answeredAt || live.fresh()) return null;
    return h("div", { class: "banner", role: "alert", id: "lost" }, h("strong", {}, "The connection is lost. "),
        `What is shown is from ${clock(live.shownFrom)}, ${span(live.age())} ago, and may be wrong now. `, live.problem ? live.problem + "; trying again." : "Trying again.");
}

function enter() {
    entered = true;
    clearReceipts();
    begin(redraw);
    if (!location.hash || location.hash === "#/") setPlace("#/now");
    redraw();
}

whenLoggedOut(() => {
    entered = false;
    end();
    loginProblem("");
    redraw();
});
whenReceived(redraw);
whenHovered(redraw);
whenEvent(redraw);
addEventListener("hashchange", redraw);
document.addEventListener("visibilitychange", redraw);
setInterval(() => { if (entered && (!live.fresh() || live.status?.pending)) redraw(); }, 1000);

try {
    if (await logInByLink() || await logInAsBefore()) enter();
} catch (problem) {
    loginProblem(problem.message);
}
asked = true;
redraw();
