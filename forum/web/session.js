// Who is logged in, and how the page asks the API. All tabs of a browser share one login, and one of them refreshes it.
"use strict";

const api = "/api/v1";
const stored = () => JSON.parse(localStorage.getItem("tokens") || "null");
let tokens = stored();
const role = () => tokens ? tokens.user.role : "guest";
const moderates = () => role() === "moderator" || role() === "admin";

// Works without a secure context too, which crypto's own identifiers do not.
function freshKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}

function keep(fresh) {
    tokens = fresh;
    if (fresh) localStorage.setItem("tokens", JSON.stringify(fresh)); else localStorage.removeItem("tokens");
    showAccount();
}

async function send(method, path, body, headers = {}) {
    if (tokens) headers.Authorization = "Bearer " + tokens.access_token;
    if (body) headers["Content-Type"] = "application/json";
    return fetch(api + path, {method, headers, body: body && JSON.stringify(body)});
}

// A refresh token works once. Who waited for another tab takes what that one got.
async function renew(used) {
    const now = stored();
    if (!now || now.refresh_token !== used) { tokens = now; showAccount(); return; }
    const answer = await fetch(api + "/refresh", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({refresh_token: used})});
    // Only a refusal ends the login: a forum that is busy or restarting has not said that it is over.
    if (answer.ok) keep(await answer.json()); else if (answer.status === 401) keep(null);
}

let refreshing = null;
function refresh() {
    const used = tokens.refresh_token;
    const begin = () => navigator.locks ? navigator.locks.request("forum-refresh", () => renew(used)) : renew(used);
    refreshing ||= begin().finally(() => { refreshing = null; });
    return refreshing;
}

// Counts where the visitor went: what was asked for a place they have left must not be shown at the next one.
let visit = 0;

async function call(method, path, body, headers) {
    const asked = visit;
    let answer = await send(method, path, body, headers);
    if (answer.status === 401 && tokens && path !== "/login") {
        await refresh();
        answer = await send(method, path, body, headers);
    }
    if (method === "GET" && asked !== visit) return new Promise(() => {});
    document.getElementById("served-by").textContent =
        answer.headers.get("X-Forum-Colour") + " " + answer.headers.get("X-Forum-Version");
    const content = answer.status === 204 ? null : await answer.json();
    if (!answer.ok) {
        const fields = (content.errors || []).map(error => error.pointer.slice(1) + " " + error.detail);
        throw new Error(fields.length ? fields.join("; ") : content.detail);
    }
    return content;
}

window.addEventListener("storage", event => {
    if (event.key !== "tokens") return;
    tokens = stored();
    showAccount();
});
