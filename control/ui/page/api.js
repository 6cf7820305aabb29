// Calls to the admin API: by a token that only this page's memory has, or by a session whose cookie no script can read and
// whose other half stands in this origin's storage.

const PROOF = "switchyard.csrf";
const ANSWER_TIME = 15000;

export const identity = { token: "", proof: localStorage.getItem(PROOF) ?? "", name: "", role: "", by: "" };

export class Problem extends Error {
    constructor(status, told) {
        super(told?.detail ?? "Switchyard did not answer");
        this.status = status;
        this.title = told?.title ?? "No answer";
        this.errors = told?.errors ?? [];
        this.told = told ?? {};
    }
}

const listeners = { loggedOut: () => {} };
export const whenLoggedOut = act => { listeners.loggedOut = act; };

// `cookies`: also with a token, for the call whose answer brings one.
export function request(method, path, { body, headers = {}, signal, cookies = false } = {}) {
    const fields = { ...headers };
    if (identity.token) fields.Authorization = "Bearer " + identity.token;
    else if (identity.proof) fields["X-CSRF-Token"] = identity.proof;
    if (body !== undefined) fields["Content-Type"] = "application/json";
    return fetch(path, { method, headers: fields, body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
                         credentials: identity.token && !cookies ? "omit" : "same-origin", cache: "no-store", redirect: "error", signal });
}

// The answer's JSON; a Problem is thrown for all but 2xx, with status 0 where there was no answer.
export async function call(method, path, options = {}) {
    const { answer, json } = await exchange(method, path, options);
    if (answer.ok) return json;
    if (answer.status === 401 && !options.beginning) forget();
    throw new Problem(answer.status, json);
}

async function exchange(method, path, options) {
    const over = new AbortController();
    const clock = setTimeout(() => over.abort(), options.within ?? ANSWER_TIME);
    try {
        const answer = await request(method, path, { ...options, signal: over.signal });
        const text = await answer.text();
        let json = null;
        try { json = text ? JSON.parse(text) : null; } catch { json = { detail: text }; }
        return { answer, json };
    } catch (error) {
        throw new Problem(0, { title: "No answer", detail: over.signal.aborted ? "Switchyard has not answered in time" : "Switchyard cannot be reached" });
    } finally {
        clearTimeout(clock);
    }
}

export const get = (path, options) => call("GET", path, options);

async function known() {
    Object.assign(identity, await call("GET", "/v1/session", { beginning: true }));
}

function proven(session) {
    identity.token = "";
    identity.proof = session.csrf_token;
    localStorage.setItem(PROOF, session.csrf_token);
    Object.assign(identity, { name: session.name, role: session.role, by: "session" });
}

export async function logIn(token, stay) {
    identity.token = token;
    try {
        if (stay) proven(await call("POST", "/v1/session", { body: {}, beginning: true, cookies: true }));
        else await known();
    } catch (problem) {
        identity.token = "";
        throw problem;
    }
}

// A link's code is taken out of the address at once, whatever becomes of it.
export async function logInByLink() {
    const code = /^#code=([0-9a-f]+)$/.exec(location.hash)?.[1];
    if (!code) return false;
    history.replaceState(null, "", location.pathname + "#/");
    proven(await call("POST", "/v1/session/exchange", { body: { code }, beginning: true }));
    return true;
}

export async function logInAsBefore() {
    if (!identity.proof) return false;
    try {
        await known();
        return true;
    } catch (problem) {
        if (problem.status === 401) localStorage.removeItem(PROOF), identity.proof = "";
        else throw problem;
        return false;
    }
}

function forget() {
    localStorage.removeItem(PROOF);
    Object.assign(identity, { token: "", proof: "", name: "", role: "", by: "" });
    listeners.loggedOut();
}

export async function logOut() {
    if (identity.by === "session") await call("DELETE", "/v1/session").catch(() => {});
    forget();
}

const RANK = { viewer: 0, operator: 1, admin: 2 };
export const may = role => RANK[identity.role] >= RANK[role];
