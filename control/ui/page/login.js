// Who comes: by a token, or by the link that `switchyard ui` prints.
import { h } from "./element.js";
import { logIn } from "./api.js";

const form = { token: "", stay: false, busy: false, problem: "" };

export function login(redraw, done) {
    const send = async event => {
        event.preventDefault();
        Object.assign(form, { busy: true, problem: "" });
        redraw();
        try {
            await logIn(form.token.trim(), form.stay);
            form.token = "";
            done();
        } catch (problem) {
            form.problem = problem.message;
        }
        form.busy = false;
        redraw();
    };
    return h("main", { class: "login" },
        h("form", { class: "panel", onsubmit: send, "aria-labelledby": "login-title" },
            h("img", { src: "icon.svg", alt: "", width: "44", height: "44" }),
            h("h1", { id: "login-title" }, "Switchyard"),
            h("label", { for: "token" }, "Token"),
            h("input", { id: "token", type: "password", autocomplete: "off", autofocus: true, required: true, value: form.token, oninput: e => { form.token = e.target.value; } }),
            h("label", { class: "check" }, h("input", { type: "checkbox", id: "stay", checked: form.stay, onchange: e => { form.stay = e.target.checked; } }),
                " Stay logged in for twelve hours"),
            form.problem ? h("p", { class: "problem", role: "alert" }, form.problem) : null,
            h("button", { type: "submit", class: "main", disabled: form.busy }, "Log in"),
            h("p", { class: "quiet" }, "A local installation keeps its token in ", h("code", {}, "<state_dir>/admin.token"), "; ",
                h("code", {}, "switchyard ui"), " prints a link that logs you in without it.")));
}

export function loginProblem(text) {
    form.problem = text;
}
