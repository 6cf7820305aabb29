// The web page of the forum: reads, logs in, posts, comments and votes over /api/v1. What users wrote is only ever put
// into the page as text.
"use strict";

const api = "/api/v1";
const main = document.getElementById("main");
let tokens = JSON.parse(sessionStorage.getItem("tokens") || "null");

// Works without a secure context too, which crypto's own identifiers do not.
function freshKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}

function say(text) { document.getElementById("message").textContent = text; }

function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

function keep(fresh) {
    tokens = fresh;
    if (fresh) sessionStorage.setItem("tokens", JSON.stringify(fresh)); else sessionStorage.removeItem("tokens");
    showAccount();
}

async function send(method, path, body, headers = {}) {
    if (tokens) headers.Authorization = "Bearer " + tokens.access_token;
    if (body) headers["Content-Type"] = "application/json";
    return fetch(api + path, {method, headers, body: body && JSON.stringify(body)});
}

// One refresh at a time: a refresh token used twice ends the whole login.
let refreshing = null;
function refresh() {
    refreshing ||= fetch(api + "/refresh", {
        method: "POST", headers: {"Content-Type": "application/json"},
        body: JSON.stringify({refresh_token: tokens.refresh_token})
    }).then(async answer => {
        // Only a refusal ends the login: a forum that is busy or restarting has not said that it is over.
        if (answer.ok) keep(await answer.json()); else if (answer.status === 401) keep(null);
    }).finally(() => { refreshing = null; });
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

function guarded(action) {
    return async event => {
        if (event) event.preventDefault();
        say("");
        try { await action(event); } catch (error) { say(error.message); }
    };
}

function when(text) { return new Date(text).toLocaleString(); }

function votes(kind, thing) {
    const score = element("span", {className: "score", textContent: thing.score});
    const up = element("button", {className: "up", title: "vote up", textContent: "▲"});
    const down = element("button", {className: "down", title: "vote down", textContent: "▼"});
    // Pressed again, a vote is taken back.
    const vote = (button, value) => guarded(async () => {
        if (!tokens) { location.hash = "#/login"; return; }
        const answer = await call("PUT", `/${kind}/${thing.id}/vote`, {value: button.ariaPressed === "true" ? 0 : value});
        score.textContent = answer.score;
        up.ariaPressed = answer.value === 1;
        down.ariaPressed = answer.value === -1;
    });
    up.onclick = vote(up, 1);
    down.onclick = vote(down, -1);
    return element("div", {className: "votes"}, up, score, down);
}

function listed(post) {
    // Something found in a comment: the post it belongs to, and whose words these are.
    if (post.comment) {
        return element("article", {className: "post found", id: "found-" + post.comment.id}, element("div", {},
            element("a", {className: "title", href: "#/post/" + post.id, textContent: post.title}),
            element("div", {className: "about", textContent:
                `comment · ${post.comment.author} · ${when(post.comment.created_at)}`}),
            element("div", {textContent: post.excerpt})));
    }
    return element("article", {className: "post", id: "post-" + post.id}, votes("posts", post),
        element("div", {},
            element("a", {className: "title", href: "#/post/" + post.id, textContent: post.title}),
            element("div", {className: "about", textContent:
                `${post.pinned ? "pinned · " : ""}${post.category} · ${post.author} · ${when(post.created_at)} · ${post.comment_count} comments`}),
            element("div", {textContent: post.excerpt})));
}

async function mark(posts) {
    if (!tokens || posts.length === 0) return;
    const marks = await call("GET", "/me/marks?posts=" + posts.map(post => post.id).join(","));
    for (const one of marks.items) {
        const row = document.getElementById("post-" + one.post);
        if (!row) continue;
        row.classList.toggle("unread", one.unread);
        row.querySelector(".up").ariaPressed = one.vote === 1;
        row.querySelector(".down").ariaPressed = one.vote === -1;
    }
}

async function showList(path, cursor) {
    const joint = path.includes("?") ? "&" : "?";
    const page = await call("GET", path + (cursor ? joint + "cursor=" + cursor : ""));
    if (!cursor) main.replaceChildren();
    // Pinned posts stand above the list and not in it again.
    const pinned = new Set((page.pinned || []).map(post => post.id));
    main.append(...(page.pinned || []).map(listed), ...page.items.filter(post => !pinned.has(post.id)).map(listed));
    if (page.items.length === 0 && !cursor) main.append(element("p", {textContent: "Nothing here yet."}));
    if (page.next) {
        const more = element("button", {id: "more", textContent: "more"});
        more.onclick = guarded(() => { more.remove(); return showList(path, page.next); });
        main.append(more);
    }
    await mark([...(page.pinned || []), ...page.items]);
}

function replyForm(post, parent) {
    const text = element("textarea", {rows: 3, required: true, ariaLabel: "comment"});
    const form = element("form", {className: "reply"}, text, element("button", {textContent: "Comment"}));
    // Made once per form: sending again after a lost answer never comments twice.
    const key = freshKey();
    form.onsubmit = guarded(async () => {
        const body = parent ? {body: text.value, parent: parent.id} : {body: text.value};
        await call("POST", `/posts/${post.id}/comments`, body, {"Idempotency-Key": key});
        await showPost(post.id);
    });
    return form;
}

function commentOf(post, comment) {
    const inner = element("div", {},
        element("div", {className: "about", textContent: `${comment.author} · ${when(comment.created_at)}`}),
        element("div", {className: "body", textContent: comment.deleted ? "[deleted]" : comment.body}));
    if (tokens && !post.locked && !comment.deleted) {
        const answer = element("button", {textContent: "answer"});
        answer.onclick = () => answer.replaceWith(replyForm(post, comment));
        inner.append(answer);
    }
    const row = element("article", {className: "comment"}, votes("comments", comment), inner);
    row.style.setProperty("margin-left", comment.depth * 1.5 + "rem");
    return row;
}

async function showPost(id) {
    const post = await call("GET", "/posts/" + id);
    main.replaceChildren(
        element("article", {className: "post", id: "post-" + post.id}, votes("posts", post),
            element("div", {},
                element("h2", {className: "title", textContent: post.title}),
                element("div", {className: "about", textContent: `${post.category} · ${post.author} · ${when(post.created_at)}`}),
                element("div", {className: "body", textContent: post.body}))));
    if (tokens && !post.locked) main.append(replyForm(post, null));
    if (post.locked) main.append(element("p", {textContent: "This post is locked."}));
    let page = post.comments;
    main.append(...page.items.map(comment => commentOf(post, comment)));
    while (page.next) {
        page = await call("GET", `/posts/${id}/comments?limit=100&cursor=${page.next}`);
        main.append(...page.items.map(comment => commentOf(post, comment)));
    }
    if (tokens) await call("PUT", `/posts/${id}/read`);
    await mark([post]);
}

function template(id) { main.replaceChildren(document.getElementById(id).content.cloneNode(true)); }

function showLogin() {
    template("login-form");
    const enter = path => guarded(async () => {
        const username = document.getElementById("username").value;
        keep(await call("POST", path, {username, password: document.getElementById("password").value}));
        location.hash = "#/hot";
    });
    document.getElementById("login").onsubmit = enter("/login");
    document.getElementById("register").onclick = enter("/register");
}

async function showWrite() {
    if (!tokens) { location.hash = "#/login"; return; }
    template("post-form");
    const categories = await call("GET", "/categories");
    document.getElementById("post-category").append(
        ...categories.items.map(one => element("option", {value: one.slug, textContent: one.name})));
    const key = freshKey();
    document.getElementById("write").onsubmit = guarded(async () => {
        const tags = document.getElementById("post-tags").value.split(/\s+/).filter(Boolean);
        const post = await call("POST", "/posts", {
            category: document.getElementById("post-category").value,
            title: document.getElementById("post-title").value,
            body: document.getElementById("post-body").value, tags}, {"Idempotency-Key": key});
        location.hash = "#/post/" + post.id;
    });
}

async function showNotifications() {
    const page = await call("GET", "/me/notifications");
    main.replaceChildren(...page.items.map(one => element("p", {className: one.read_at ? "" : "unread"},
        element("a", {className: "title", href: "#/post/" + one.post,
            textContent: `${one.actor}: ${one.kind} in “${one.post_title}”`}))));
    if (page.items.length === 0) main.append(element("p", {textContent: "No notifications."}));
    await call("POST", "/me/notifications/read");
}

function showAccount() {
    const place = document.getElementById("account");
    if (!tokens) { place.replaceChildren(element("a", {id: "to-login", href: "#/login", textContent: "log in"})); return; }
    const out = element("button", {id: "log-out", textContent: "log out"});
    out.onclick = guarded(async () => { await call("POST", "/logout"); keep(null); });
    place.replaceChildren(element("a", {id: "to-write", href: "#/write", textContent: "write"}), " ",
        element("a", {href: "#/notifications", textContent: "notifications"}), " ",
        element("span", {id: "who", textContent: tokens.user.username}), " ", out);
}

const show = guarded(async () => {
    visit += 1;
    const [, what = "hot", argument = ""] = location.hash.split("/");
    if (what === "post") await showPost(argument);
    else if (what === "login") showLogin();
    else if (what === "write") await showWrite();
    else if (what === "notifications") await showNotifications();
    else if (what === "search") await showList("/search?q=" + argument);
    else await showList("/posts?sort=" + (what || "hot"));
});

document.getElementById("search").onsubmit = event => {
    event.preventDefault();
    location.hash = "#/search/" + encodeURIComponent(document.getElementById("search-text").value);
};
window.onhashchange = show;
showAccount();
show();
