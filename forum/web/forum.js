// The pages of the forum and their addresses.
"use strict";

function replyForm(post, parent) {
    const text = element("textarea", {rows: 3, required: true, maxLength: 10000, ariaLabel: "comment (Markdown)"});
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

function reporting(kind, thing) {
    return asking("report", "what is wrong with it", async reason => {
        await call("POST", `/${kind}/${thing.id}/reports`, {reason}, {"Idempotency-Key": freshKey()});
        say("Reported to the moderators.");
        await show();
    }, "report");
}

// What the visitor may do to a post or a comment.
function tools(kind, thing, again, post) {
    const row = element("div", {className: "tools"});
    if (!tokens) return row;
    const path = `/${kind}/${thing.id}`;
    const own = thing.author === tokens.user.username;
    const done = (method, place) => async reason => { await call(method, place + because(reason)); await again(); };
    if (kind === "comments" && !thing.deleted && (!post.locked || moderates())) {
        const answer = button("answer", () => { const form = replyForm(post, thing); answer.replaceWith(form); form.querySelector("textarea").focus(); }, "answer");
        row.append(answer);
    }
    if ((own || moderates()) && !thing.deleted) {
        if (kind === "posts") row.append(link("#/edit/" + thing.id, "edit", "edit"));
        else row.append(button("edit", () => editComment(thing, row, again), "edit"));
        row.append(asking("delete", own ? "delete it? (reason)" : "reason", done("DELETE", path), "delete"));
    }
    if (!own && !thing.deleted) row.append(reporting(kind, thing));
    if (thing.edited_at) row.append(link(`#/history/${kind}/${thing.id}`, "history", "history"));
    if (!moderates()) return row;
    if (thing.deleted) row.append(asking("restore", "reason", done("POST", path + "/restore"), "restore"));
    if (kind === "posts" && !thing.deleted) {
        row.append(asking(thing.pinned ? "unpin" : "pin", "reason", done(thing.pinned ? "DELETE" : "PUT", path + "/pin"), "pin"),
            asking(thing.locked ? "unlock" : "lock", "reason", done(thing.locked ? "DELETE" : "PUT", path + "/lock"), "lock"));
    }
    return row;
}

async function editComment(comment, row, again) {
    const text = element("textarea", {rows: 4, required: true, maxLength: 10000, ariaLabel: "comment (Markdown)", value: comment.body});
    const form = element("form", {className: "reply"}, text, element("button", {textContent: "Save"}), button("cancel", again));
    form.onsubmit = guarded(async () => {
        await call("PATCH", "/comments/" + comment.id, {body: text.value}, {"If-Match": `"v${comment.version}."`});
        await again();
    });
    row.replaceWith(form);
    text.focus();
}

function commentOf(post, comment) {
    const again = () => showPost(post.id);
    const inner = element("div", {},
        element("div", {className: "about"}, author(comment.author), ` · ${when(comment.created_at)}${comment.edited_at ? " (edited)" : ""}`),
        comment.deleted ? element("div", {className: "body", textContent: "[deleted]"}) : written(comment.html),
        tools("comments", comment, again, post));
    const row = element("article", {className: "comment", id: "comment-" + comment.id}, votes("comments", comment), inner);
    row.style.setProperty("--depth", comment.depth);
    return row;
}

async function showComments(post, page) {
    main.append(...page.items.map(comment => commentOf(post, comment)));
    if (!page.next) return;
    const more = button("more comments", async () => {
        const next = await call("GET", `/posts/${part(post.id)}/comments?format=html&limit=100&cursor=${page.next}`);
        more.remove();
        await showComments(post, next);
    });
    more.id = "more";
    main.append(more);
}

async function showPost(id) {
    const post = await call("GET", `/posts/${part(id)}?format=html`);
    main.replaceChildren(
        element("article", {className: "post", id: "post-" + post.id}, votes("posts", post),
            element("div", {},
                element("h2", {className: "title", dir: "auto", textContent: post.title}), aboutPost(post),
                written(post.html), tools("posts", post, () => showPost(id)))));
    if (post.locked) main.append(element("p", {className: "note", textContent: "This post is locked."}));
    if (tokens && !post.deleted && (!post.locked || moderates())) main.append(replyForm(post, null));
    await showComments(post, post.comments);
    if (tokens && !post.deleted) await call("PUT", `/posts/${post.id}/read`);
    await mark([post]);
}

function showLogin() {
    template("login-form");
    const enter = (path, more) => guarded(async () => {
        const account = {username: field("username").value, password: field("password").value, ...more()};
        keep(await call("POST", path, account, path === "/register" ? {"Idempotency-Key": key} : {}));
        location.hash = "#/hot";
    });
    const key = freshKey();
    field("login").onsubmit = enter("/login", () => ({}));
    field("register").onclick = enter("/register", () => field("setup-token").value ? {setup_token: field("setup-token").value.trim()} : {});
}

async function showWrite(id) {
    if (!tokens) { location.hash = "#/login"; return; }
    const post = id ? await call("GET", "/posts/" + part(id)) : null;
    const categories = await call("GET", "/categories");
    template("post-form");
    field("post-category").append(...categories.items.map(one => element("option", {value: one.slug, textContent: one.name})));
    if (post) {
        document.querySelector("#write h2").textContent = "Edit post";
        field("post-category").value = post.category;
        field("post-title").value = post.title;
        field("post-body").value = post.body;
        field("post-tags").value = post.tags.join(" ");
        field("post-send").textContent = "Save";
    }
    const key = freshKey();
    field("write").onsubmit = guarded(async () => {
        const tags = field("post-tags").value.split(/\s+/).filter(Boolean);
        const text = {category: field("post-category").value, title: field("post-title").value, body: field("post-body").value, tags};
        const done = post ? await call("PATCH", "/posts/" + post.id, text, {"If-Match": `"v${post.version}."`})
            : await call("POST", "/posts", text, {"Idempotency-Key": key});
        location.hash = "#/post/" + done.id;
    });
}

async function showNotifications() {
    const row = one => element("p", {className: one.read_at ? "" : "unread"},
        link("#/post/" + one.post, `${one.actor}: ${one.kind} in “${one.post_title}”`, "title"));
    await showPages("/me/notifications", row, null, [element("h2", {textContent: "Notifications"})]);
    await call("POST", "/me/notifications/read");
    field("to-notifications").textContent = "notifications";
}

async function countNotifications() {
    if (!tokens) return;
    const {unread} = await call("GET", "/me/notifications?limit=1");
    const place = field("to-notifications");
    if (place) place.textContent = unread ? `notifications (${unread})` : "notifications";
}

async function showUser(name) {
    const user = await call("GET", "/users/" + part(name));
    const heading = [element("h2", {dir: "auto", textContent: user.display_name || user.username}),
        element("p", {className: "about", textContent: `${user.username} · ${user.role} · since ${when(user.created_at)}`}),
        element("p", {dir: "auto", className: "excerpt", textContent: user.about})];
    const path = "/users/" + part(user.username);
    const again = () => showUser(name);
    const row = element("div", {className: "tools"});
    if (moderates() && user.username !== tokens.user.username) {
        row.append(asking("ban for a week", "reason", async reason => {
            await call("PUT", path + "/ban", {until: new Date(Date.now() + 7 * 86400e3).toISOString(), reason});
            say("Banned for a week.");
            await again();
        }, "ban"), asking("lift ban", "reason", async reason => { await call("DELETE", path + "/ban" + because(reason)); say("The ban is lifted."); }, "unban"));
    }
    if (role() === "admin" && user.username !== tokens.user.username) {
        for (const one of ["member", "moderator", "admin"].filter(one => one !== user.role)) {
            row.append(button("make " + one, async () => { await call("PUT", path + "/role", {role: one}); await again(); }));
        }
    }
    await showList(path + "/posts", [...heading, row]);
}

async function showReports() {
    const row = report => {
        const made = element("article", {className: "report"}, element("p", {dir: "auto", textContent: report.reason}),
            element("p", {className: "about"}, author(report.reporter), " · " + when(report.created_at) + " · ",
                link("#/post/" + report.post, report.comment ? "a comment of this post" : "this post")));
        made.append(asking("resolve", "what was done", async resolution => {
            await call("POST", `/reports/${report.id}/resolve`, {resolution});
            made.remove();
        }, "resolve"));
        return made;
    };
    await showPages("/reports", row, null, [element("h2", {textContent: "Open reports"}), element("p", {}, link("#/log", "what moderators did"))]);
}

async function showLog() {
    const row = deed => element("p", {dir: "auto", textContent: `${when(deed.created_at)} · ${deed.actor} · ${deed.action} · ${deed.subject}${deed.reason ? " · " + deed.reason : ""}`});
    await showPages("/moderation-log", row, null, [element("h2", {textContent: "What moderators did"})]);
}

async function showHistory(kind, id) {
    if (kind !== "posts" && kind !== "comments") throw new Error("There is no such page.");
    const path = `/${kind}/${part(id)}/history`;
    const heading = [element("h2", {textContent: "What it said before"})];
    if (moderates()) heading.push(asking("forget all of it", "reason", async reason => { await call("DELETE", path + because(reason)); await show(); }, "purge"));
    await showPages(path, one => element("article", {className: "version"},
        element("p", {className: "about", textContent: `until ${when(one.replaced_at)}`}),
        ...(one.title ? [element("h3", {dir: "auto", textContent: one.title})] : []),
        element("pre", {dir: "auto", className: "source", textContent: one.body})), null, heading);
}

async function showAccountPage() {
    if (!tokens) { location.hash = "#/login"; return; }
    const me = await call("GET", "/me");
    template("account-form");
    field("display-name").value = me.user.display_name;
    field("about").value = me.user.about;
    if (me.ban) field("ban").textContent = `Banned until ${when(me.ban.until)}: ${me.ban.reason}`;
    field("profile").onsubmit = guarded(async () => {
        await call("PATCH", "/me", {display_name: field("display-name").value, about: field("about").value});
        say("Saved.");
    });
    field("password-change").onsubmit = guarded(async () => {
        await call("POST", "/me/password", {current_password: field("current-password").value, new_password: field("new-password").value});
        keep(null);
        location.hash = "#/login";
        say("The password is changed; log in with the new one.");
    });
    field("everywhere").onclick = guarded(async () => { await call("POST", "/logout-everywhere"); keep(null); location.hash = "#/login"; });
}

const pages = {
    hot: () => showList("/posts?sort=hot"), new: () => showList("/posts?sort=new"), top: () => showList("/posts?sort=top"),
    category: slug => showList("/posts?category=" + part(slug), [element("h2", {textContent: slug})]),
    tag: tag => showList("/posts?tag=" + part(tag), [element("h2", {dir: "auto", textContent: "#" + tag})]),
    search: words => showList("/search?q=" + part(words), [element("h2", {dir: "auto", textContent: words})]),
    post: showPost, edit: showWrite, user: showUser, history: showHistory, login: showLogin, write: () => showWrite(),
    notifications: showNotifications, account: showAccountPage, reports: showReports, log: showLog,
};

async function show() {
    visit += 1;
    const asked = visit;
    const [, what, ...rest] = location.hash.split("/").map(text => { try { return decodeURIComponent(text); } catch { return text; } });
    try {
        if (!Object.hasOwn(pages, what || "hot")) throw new Error("There is no such page.");
        await pages[what || "hot"](...rest);
    } catch (error) {
        if (asked === visit) main.replaceChildren(element("p", {className: "note", textContent: error.message}), link("#/hot", "to the forum"));
    }
}

document.getElementById("search").onsubmit = event => {
    event.preventDefault();
    location.hash = "#/search/" + part(field("search-text").value);
};
window.onhashchange = () => { say(""); main.focus(); show(); countNotifications().catch(() => {}); };
// A role may have changed since the login.
async function begin() {
    showAccount();
    await Promise.all([show(), tokens && call("GET", "/me").then(me => { if (tokens) keep({...tokens, user: me.user}); }).then(countNotifications).catch(() => {})]);
}
begin();
