// What a page is, as plain data, and the document made the same as it: what stays is not touched, so that focus, selection
// and a scrolled table survive a figure that changes beside them.
//
// Text is only ever set as text: nothing that an endpoint or a colleague has written can become markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "open"]);

// h("p", {class: "x", onclick: f}, "text", h("b", {}, "more"))
export function h(tag, attributes, ...children) {
    return { tag, attributes: attributes ?? {}, children: children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false && c !== "") };
}

// Makes `node` have these children.
export function show(node, ...children) {
    patchChildren(node, h("x", {}, ...children).children, node.namespaceURI === SVG);
}

function create(wanted, inSvg) {
    if (typeof wanted !== "object") return document.createTextNode(String(wanted));
    const svg = inSvg || wanted.tag === "svg";
    const node = svg ? document.createElementNS(SVG, wanted.tag) : document.createElement(wanted.tag);
    node.shown = { attributes: {} };
    node.handlers = {};
    patch(node, wanted, svg);
    return node;
}

function patch(node, wanted, svg) {
    const before = node.shown.attributes;
    patchChildren(node, wanted.children, svg && wanted.tag !== "foreignObject");  // first: a select's value needs its options
    for (const name of Object.keys(before)) if (!(name in wanted.attributes)) set(node, name, undefined, before[name]);
    for (const [name, value] of Object.entries(wanted.attributes)) set(node, name, value, before[name]);
    node.shown = { attributes: wanted.attributes, tag: wanted.tag, key: wanted.attributes.key };
}

function set(node, name, value, before) {
    if (name === "key") return;
    if (name.startsWith("on")) {
        const kind = name.slice(2);
        if (!(kind in node.handlers)) node.addEventListener(kind, event => node.handlers[kind]?.(event));
        node.handlers[kind] = value;
    } else if (name === "style") {
        for (const key of Object.keys(before ?? {})) if (!(key in (value ?? {}))) node.style.removeProperty(key);
        for (const [key, one] of Object.entries(value ?? {})) if (before?.[key] !== one) node.style.setProperty(key, one);
    } else if (PROPERTIES.has(name) && node.tagName !== "OPTION") {
        const wanted = value ?? (name === "value" ? "" : false);
        // What the user has typed, or emptied, stays: it is written over only when the page means something else than
        // before. A choice follows its options, which may have come anew.
        const meant = name !== "value" || node.tagName === "SELECT" || value !== before;
        if (meant && node[name] !== wanted) node[name] = wanted;
    } else if (value !== before) {
        if (value === undefined || value === null || value === false) node.removeAttribute(name);
        else node.setAttribute(name, value === true ? "" : value);
    }
}

function fits(node, wanted) {
    if (typeof wanted !== "object") return node.nodeType === Node.TEXT_NODE;
    return node.shown?.tag === wanted.tag && node.shown.key === wanted.attributes.key;
}

function patchChildren(node, wanted, svg) {
    const old = [...node.childNodes];
    const taken = new Set();
    let next = 0;
    let place = node.firstChild;
    for (const child of wanted) {
        while (next < old.length && taken.has(old[next])) ++next;
        const keyed = typeof child === "object" && child.attributes.key !== undefined;
        const found = keyed ? old.find(o => !taken.has(o) && fits(o, child)) : old.slice(next).find(o => !taken.has(o) && fits(o, child));
        if (!found) {
            node.insertBefore(create(child, svg), place);
            continue;
        }
        taken.add(found);
        if (found === place) place = place.nextSibling;
        else node.insertBefore(found, place);
        if (typeof child !== "object") {
            if (found.data !== String(child)) found.data = String(child);
        } else {
            patch(found, child, svg || child.tag === "svg");
        }
    }
    for (const one of old) if (!taken.has(one)) one.remove();
}
