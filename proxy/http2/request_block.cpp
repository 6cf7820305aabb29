#include "proxy/http2/request_block.h"

#include "proxy/http/characters.h"
#include "proxy/http/field_name.h"
#include "proxy/http2/request_head.h"

namespace switchyard::http2 {
namespace {

struct FieldLine {
    std::string_view name, value;
};

// Takes the first line off; no name: the empty one, or the end.
FieldLine take_line(std::string_view& lines) {
    const auto end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 2);
    const auto colon = line.find(':');
    if (colon == line.npos) return {};
    return {line.substr(0, colon), http::trim(line.substr(colon + 1))};
}

bool encode(std::string_view head, std::string_view scheme, std::string_view protocol, HeaderEncoder& block) {
    const auto method_end = head.find(' ');
    const auto target_end = head.find(' ', method_end + 1);
    const std::string_view method = head.substr(0, method_end);
    const std::string_view target = head.substr(method_end + 1, target_end - method_end - 1);
    const bool connect = method == "CONNECT";
    const bool extended = !protocol.empty();
    const std::string_view lines = head.substr(head.find("\r\n") + 2);

    std::string_view authority = connect ? target : std::string_view();
    for (std::string_view left = lines; authority.empty();) {
        const FieldLine line = take_line(left);
        if (line.name.empty()) break;
        if (http::field_name(line.name) == http::FieldName::host) authority = line.value;
    }
    if (!block.add(":method", extended ? "CONNECT" : method)) return false;
    if (extended && !block.add(":protocol", protocol)) return false;
    if (!connect && !block.add(":scheme", scheme)) return false;
    if (!authority.empty() && !block.add(":authority", authority)) return false;
    if (!connect && !block.add(":path", target)) return false;
    for (std::string_view left = lines;;) {
        const FieldLine line = take_line(left);
        if (line.name.empty()) return true;
        const http::FieldName id = http::field_name(line.name);
        if (id == http::FieldName::host || is_of_connection(id)) continue;
        if (extended && http::equals_lower(line.name, "sec-websocket-key")) continue;
        if (!block.add(line.name, line.value)) return false;
    }
}

}  // namespace

bool encode_request(std::string_view head, std::string_view scheme, HeaderEncoder& block) {
    return encode(head, scheme, {}, block);
}

bool encode_websocket(std::string_view head, std::string_view scheme, HeaderEncoder& block) {
    return encode(head, scheme, "websocket", block);
}

}  // namespace switchyard::http2
