#include "proxy/http/target.h"

#include <arpa/inet.h>

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

constexpr std::string_view kHttp = "http://", kHttps = "https://";

// Without a zone, which means nothing to any other host (RFC 6874), and without the address kinds of the future.
bool is_ipv6(std::string_view text) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof terminated) return false;
    terminated[text.copy(terminated, text.size())] = '\0';
    in6_addr address;
    return ::inet_pton(AF_INET6, terminated, &address) == 1;
}

// host [":" port]: reg-name, IPv4 or an IP literal in brackets; the host is never empty.
bool split_authority(std::string_view authority, std::string_view& host, std::string_view& port) {
    port = {};
    std::size_t end = 0;
    if (!authority.empty() && authority[0] == '[') {
        end = authority.find(']');
        if (end == authority.npos || !is_ipv6(authority.substr(1, end - 1))) return false;
        ++end;
    } else {
        while (end < authority.size() && is(authority[end], kHost)) ++end;
    }
    host = authority.substr(0, end);
    // A name with its final dot is the same name (RFC 1034 §3.1), and clients do send it.
    if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
    if (host.empty()) return false;
    if (end == authority.size()) return true;
    port = authority.substr(end + 1);
    if (authority[end] != ':' || port.size() > 5 || !all(port, kDigit)) return false;
    if (port.empty()) return true;  // RFC 3986 §3.2.3 allows a colon without digits
    unsigned value = 0;
    for (char c : port) value = value * 10 + static_cast<unsigned>(c - '0');
    return value > 0 && value <= 65535;
}

// Of a scheme in lower case, with its "://".
std::string_view default_port(std::string_view scheme) {
    return scheme == kHttps ? "443" : "80";
}

void split_path(std::string_view text, Target& out) {
    const auto mark = text.find('?');
    out.path = text.substr(0, mark);
    if (mark == text.npos) return;
    out.tail = text.substr(mark);
    out.query = out.tail.substr(1);
}

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return lower(c) - 'a' + 10;
}

// Each form is read by one function: null, or why it is refused.

const char* read_host(const char* base, const Head& head, const Field* host, Target& out) {
    if (host == nullptr) return head.minor == 1 ? "no host" : nullptr;
    if (head.count(FieldName::host) > 1) return "more than one host";
    out.authority = host->value.of(base);
    return split_authority(out.authority, out.host, out.port) ? nullptr : "a host that is not one";
}

const char* read_connect(std::string_view target, Target& out) {
    out.form = Target::Form::authority;
    std::string_view name, port;
    if (!split_authority(target, name, port) || name.size() == target.size())
        return "CONNECT wants host:port as its target";
    return equals_ignoring_case(target, out.authority) ? nullptr : "the target and the host differ";
}

const char* read_asterisk(std::string_view method, std::string_view target, Target& out) {
    if (method != "OPTIONS") return "the target * is for OPTIONS only";
    out.form = Target::Form::asterisk;
    out.path = target;
    return nullptr;
}

// https as well: what has taken TLS off before us may pass the request on as it came.
const char* read_url(std::string_view method, std::string_view target, const Field* host, Target& out) {
    std::string_view scheme;
    for (const auto known : {kHttp, kHttps})
        if (target.size() > known.size() && equals_lower(target.substr(0, known.size()), known)) scheme = known;
    if (scheme.empty()) return "a target that is neither a path nor an http URL";
    const std::string_view rest = target.substr(scheme.size());
    const auto end = rest.find_first_of("/?");
    const std::string_view authority = rest.substr(0, end);
    std::string_view name, port;
    if (!split_authority(authority, name, port)) return "a URL without a proper host";
    // RFC 9112 §3.2.2 lets a proxy overrule Host; refusing is safer, since what stands before us may have read it.
    // With and without the scheme's own port they are the same (RFC 9110 §4.2.3).
    if (host == nullptr) {
        out.authority = authority;
        out.host = name;
        out.port = port;
    } else {
        const auto standard = default_port(scheme);
        const auto effective = [&](std::string_view given) { return given.empty() ? standard : given; };
        if (!equals_ignoring_case(name, out.host) || effective(port) != effective(out.port))
            return "the URL and the host differ";
    }
    out.form = Target::Form::absolute;
    if (end != rest.npos) split_path(rest.substr(end), out);
    // RFC 9112 §3.2.1 and §3.2.4: without a path it is the root, or, with OPTIONS, the server as a whole.
    if (out.path.empty()) out.path = method == "OPTIONS" && end == rest.npos ? "*" : "/";
    return nullptr;
}

}  // namespace

Target read_target(const char* base, const Head& head) {
    Target out;
    const std::string_view target = head.target.of(base), method = head.method.of(base);
    const Field* const host = head.find(FieldName::host);
    out.refused = read_host(base, head, host, out);
    if (out.refused != nullptr) return out;
    if (method == "CONNECT")
        out.refused = read_connect(target, out);
    else if (target[0] == '/')
        split_path(target, out);
    else if (target == "*")
        out.refused = read_asterisk(method, target, out);
    else
        out.refused = read_url(method, target, host, out);
    return out;
}

bool needs_normalizing(std::string_view path) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '%') return true;
        if (path[i] == '/' && i + 1 < path.size() && (path[i + 1] == '/' || path[i + 1] == '.')) return true;
    }
    return false;
}

bool normalize_path(std::string_view path, std::string& out) {
    std::string decoded;
    decoded.reserve(path.size());
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '%') {
            decoded += path[i];
            continue;
        }
        if (i + 2 >= path.size() || !is(path[i + 1], kHex) || !is(path[i + 2], kHex)) return false;
        const char c = static_cast<char>(hex(path[i + 1]) << 4 | hex(path[i + 2]));
        if (c == '\0') return false;
        decoded += c;
        i += 2;
    }
    out.clear();
    std::size_t at = 0;
    while (at < decoded.size()) {
        auto next = decoded.find('/', at + 1);
        if (next == decoded.npos) next = decoded.size();
        const std::string_view segment(decoded.data() + at + 1, next - at - 1);
        const bool last = next == decoded.size();
        if (segment == "..") {
            if (out.empty()) return false;
            out.erase(out.rfind('/'));
            if (last) out += '/';
        } else if (segment == "." || segment.empty()) {
            if (last) out += '/';
        } else {
            out += '/';
            out += segment;
        }
        at = next;
    }
    if (out.empty()) out = "/";
    return true;
}

}  // namespace switchyard::http
