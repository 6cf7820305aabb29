// Where in a JSON text the caret stands, as a JSON pointer; and where a pointer stands in the text. Comments and texts that
// are not whole are taken as far as they go.

function* tokens(text) {
    const pattern = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"/]+|\//g;
    for (const m of text.matchAll(pattern)) if (!m[0].startsWith("//") && !m[0].startsWith("/*")) yield { at: m.index, end: m.index + m[0].length, text: m[0] };
}

const plain = text => { try { return JSON.parse(text); } catch { return text.replace(/^"|"$/g, ""); } };

// Calls `seen(pointer parts, token)` for every key and every value.
function walk(text, seen) {
    const path = [];  // { key, index, list }
    let key = null;
    const parts = () => path.map(p => p.list ? String(p.index) : p.key);
    for (const token of tokens(text)) {
        const top = path.at(-1);
        if (token.text === "{" || token.text === "[") {
            if (!seen(parts(), token)) return;
            path.push({ list: token.text === "[", index: 0, key: "" });
        } else if (token.text === "}" || token.text === "]") {
            path.pop();
        } else if (token.text === ",") {
            if (top?.list) ++top.index;
            else if (top) top.key = "";
            key = null;
        } else if (token.text === ":") {
            if (top && key !== null) top.key = key;
        } else {
            if (top && !top.list && top.key === "") key = plain(token.text);
            const here = parts();
            if (top && !top.list && top.key === "") here[here.length - 1] = key;
            if (!seen(here, token)) return;
        }
    }
}

export function pointerAt(text, caret) {
    let out = [];
    walk(text, (parts, token) => {
        if (token.at > caret) return false;
        out = parts;
        return true;
    });
    return out;
}

export function placeOf(text, pointer) {
    const wanted = pointer.split("/").slice(1).map(p => p.replaceAll("~1", "/").replaceAll("~0", "~")).join("\u0000");
    let found = null;
    walk(text, (parts, token) => {
        if (parts.join("\u0000") !== wanted) return true;
        found = token;
        return false;
    });
    return found;
}

// What a JSON Schema says of that place.
export function schemaAt(schema, parts) {
    const resolve = node => {
        for (let i = 0; node?.$ref && i < 20; ++i) node = node.$ref.replace(/^#\//, "").split("/").reduce((n, key) => n?.[key], schema.root);
        return node;
    };
    let node = resolve(schema.node);
    for (const part of parts) {
        if (!node) return null;
        const all = [node, ...(node.oneOf ?? []), ...(node.anyOf ?? []), ...(node.allOf ?? [])].map(resolve);
        node = null;
        for (const one of all) {
            const next = one?.properties?.[part] ?? (typeof one?.additionalProperties === "object" ? one.additionalProperties : null) ?? (one?.items && /^\d+$/.test(part) ? one.items : null);
            if (next) { node = resolve(next); break; }
        }
    }
    return node;
}
