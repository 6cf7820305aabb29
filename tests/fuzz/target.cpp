// Laws of targets: what is accepted, a strict reader reads as the same target, and it can be routed by: the path is
// what the target says, its normal form is what an independent walk over its segments gives, and no escape, dot or
// doubled slash is left in it by which a request could pass a rule that guards a prefix.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "law.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "tests/support/strict_message.h"

using namespace switchyard;

namespace {

std::optional<std::string> decoded_once(std::string_view text) {
    std::string out;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (text[0] != '%') {
            out += text[0];
            continue;
        }
        if (text.size() < 3 || text.substr(1, 2).find_first_not_of("0123456789abcdefABCDEF") != text.npos) return {};
        out += static_cast<char>(std::stoi(std::string(text.substr(1, 2)), nullptr, 16));
        if (out.back() == '\0') return {};
        text.remove_prefix(2);
    }
    return out;
}

// RFC 3986 §5.2.4 by a stack of segments, with slashes merged; nothing for a path that climbs above the root.
std::optional<std::string> walked(std::string_view path) {
    const auto decoded = decoded_once(path);
    if (!decoded) return {};
    std::vector<std::string> segments;
    bool open = false;  // the path goes on behind the last segment
    std::size_t at = 0;
    while (at < decoded->size()) {
        const auto next = std::min(decoded->find('/', at + 1), decoded->size());
        const std::string segment = decoded->substr(at + 1, next - at - 1);
        at = next;
        open = segment.empty() || segment == "." || segment == "..";
        if (segment == "..") {
            if (segments.empty()) return {};
            segments.pop_back();
        } else if (!open) {
            segments.push_back(segment);
        }
    }
    std::string out;
    for (const auto& segment : segments) out += '/' + segment;
    if (open || out.empty()) out += '/';
    return out;
}

void check_path(std::string_view path) {
    std::string normal;
    const bool accepted = http::normalize_path(path, normal);
    const auto expected = walked(path);
    LAW(accepted == expected.has_value());
    if (!accepted) return;
    LAW(normal == *expected);
    LAW((normal + '/').find("/../") == normal.npos && (normal + '/').find("/./") == normal.npos);
    LAW(normal.find("//") == normal.npos && normal.find('\0') == normal.npos);
    if (!http::needs_normalizing(path)) LAW(normal == path);
}

}  // namespace

// Up to the first newline the target, behind it the host. The first byte chooses the method.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr const char* kMethods[] = {"GET", "POST", "OPTIONS", "CONNECT"};
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto line = std::min(text.find('\n'), text.size());
    const std::string sent = text.substr(0, line);
    const std::string host = line < text.size() ? text.substr(line + 1) : "a";
    if (host.find_first_of("\r\n") != host.npos) return 0;  // further fields are the framing guard's matter
    const std::string bytes =
        std::string(kMethods[data[0] % 4]) + ' ' + sent + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";

    http::HeadParser parser;
    http::Head head;
    if (parser.request(bytes, head) != http::HeadParser::Outcome::done) return 0;
    const auto target = http::read_target(bytes.data(), head);
    if (target.refused != nullptr) return 0;

    const auto strict = test::read_strict_request(bytes);
    LAW(strict.outcome != test::StrictResult::Outcome::bad);
    LAW(strict.message.target == head.target.of(bytes.data()));
    LAW(target.authority.empty() || target.authority.starts_with(target.host));
    if (target.path.empty() || target.path == "*") return 0;
    LAW(target.path.starts_with('/'));
    LAW(target.path.find('?') == target.path.npos);
    LAW(target.tail.empty() ? target.query.empty() : target.tail.substr(1) == target.query);
    check_path(target.path);
    return 0;
}
