// What pages are made of. What users wrote is put into them as text, or as the HTML that the forum made of it.
"use strict";

const main = document.getElementById("main");
const part = encodeURIComponent;

function say(text) { document.getElementById("message").textContent = text; }

function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

function guarded(action) {
    return async event => {
        if (event) event.preventDefault();
        say("");
        try { await action(event); } catch (error) { say(error.message); }
    };
}

function link(href, text, className = "") { return element("a", {href, textContent: text, className}); }
function button(text, action, className = "") {
    return element("button", {type: "button", textContent: text, className, onclick: guarded(action)});
}
function when(text) { return new Date(text).toLocaleString(); }
function template(id) { main.replaceChildren(document.getElementById(id).content.cloneNode(true)); }
function field(id) { return document.getElementById(id); }
function written(html) { return element("div", {className: "body", dir: "auto", innerHTML: html}); }
function author(name) { return link("#/user/" + part(name), name); }

// Asks before something is done that cannot be taken back, and for the reason that moderators give.
function asking(text, question, action, className = "") {
    const ask = button(text, () => {
        const reason = element("input", {maxLength: 500, ariaLabel: question, placeholder: question, className: "reason"});
        const form = element("form", {className: "asking"}, reason, element("button", {textContent: text, className: "sure"}),
            button("cancel", () => form.replaceWith(ask)));
        form.onsubmit = guarded(() => action(reason.value.trim()));
        ask.replaceWith(form);
        reason.focus();
    }, className);
    return ask;
}
function because(reason) { return reason ? "?reason=" + part(reason) : ""; }

function votes(kind, thing) {
    const score = element("span", {className: "score", textContent: thing.score});
    const up = element("button", {type: "button", className: "up", title: "vote up", ariaLabel: "vote up", textContent: "▲"});
    const down = element("button", {type: "button", className: "down", title: "vote down", ariaLabel: "vote down", textContent: "▼"});
    // Pressed again, a vote is taken back.
    const vote = (pressed, value) => guarded(async () => {
        if (!tokens) { location.hash = "#/login"; return; }
        const answer = await call("PUT", `/${kind}/${thing.id}/vote`, {value: pressed.ariaPressed === "true" ? 0 : value});
        score.textContent = answer.score;
        up.ariaPressed = answer.value === 1;
        down.ariaPressed = answer.value === -1;
    });
    up.onclick = vote(up, 1);
    down.onclick = vote(down, -1);
    return element("div", {className: "votes"}, up, score, down);
}

function aboutPost(post) {
    const about = element("div", {className: "about"});
    if (post.pinned) about.append("pinned · ");
    if (post.locked) about.append("locked · ");
    if (post.deleted) about.append("deleted · ");
    about.append(link("#/category/" + part(post.category), post.category), " · ", author(post.author),
        ` · ${when(post.created_at)}${post.edited_at ? " (edited)" : ""} · ${post.comment_count} comments`);
    for (const tag of post.tags) about.append(" ", link("#/tag/" + part(tag), "#" + tag, "tag"));
    return about;
}

function listed(post) {
    const title = link("#/post/" + post.id, post.title, "title");
    title.dir = "auto";
    const excerpt = element("div", {dir: "auto", className: "excerpt", textContent: post.excerpt});
    // Something found in a comment: the post it belongs to, and whose words these are.
    if (post.comment) {
        return element("article", {className: "post found", id: "found-" + post.comment.id}, element("div", {}, title,
            element("div", {className: "about"}, "comment · ", author(post.comment.author), " · " + when(post.comment.created_at)),
            excerpt));
    }
    return element("article", {className: "post", id: "post-" + post.id}, votes("posts", post),
        element("div", {}, title, aboutPost(post), excerpt));
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

// Pages of a list one after the other, each appended when it is asked for.
async function showPages(path, row, cursor, heading) {
    const joint = path.includes("?") ? "&" : "?";
    const page = await call("GET", path + (cursor ? joint + "cursor=" + cursor : ""));
    if (!cursor) main.replaceChildren(...(heading || []));
    // Pinned posts stand above the list and not in it again.
    const pinned = page.pinned || [];
    const above = new Set(pinned.map(post => post.id));
    const items = page.items.filter(one => !above.has(one.id));
    main.append(...pinned.map(row), ...items.map(row));
    if (page.items.length === 0 && !cursor) main.append(element("p", {textContent: "Nothing here yet."}));
    if (page.next) {
        const more = button("more", () => { more.remove(); return showPages(path, row, page.next); });
        more.id = "more";
        main.append(more);
    }
    return [...pinned, ...items];
}

async function showList(path, heading) {
    await mark(await showPages(path, listed, null, heading));
}

function showAccount() {
    const place = document.getElementById("account");
    if (!tokens) { place.replaceChildren(element("a", {id: "to-login", href: "#/login", textContent: "log in"})); return; }
    const out = button("log out", async () => { await call("POST", "/logout"); keep(null); });
    out.id = "log-out";
    const me = element("a", {id: "who", href: "#/account", textContent: tokens.user.username});
    place.replaceChildren(element("a", {id: "to-write", href: "#/write", textContent: "write"}), " ",
        element("a", {id: "to-notifications", href: "#/notifications", textContent: "notifications"}), " ",
        ...(moderates() ? [element("a", {id: "to-reports", href: "#/reports", textContent: "reports"}), " "] : []), me, " ", out);
}
