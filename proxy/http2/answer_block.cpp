#include "proxy/http2/answer_block.h"

#include "proxy/http/characters.h"
#include "proxy/http/field_name.h"
#include "proxy/http2/request_head.h"

namespace switchyard::http2 {
namespace {

constexpr std::string_view kBeforeStatus = "HTTP/1.1 ";
constexpr std::size_t kStatusDigits = 3;
constexpr std::string_view kSwitches = "101", kTunnel = "200";

}  // namespace

bool encode_answer(std::string_view head, HeaderEncoder& block) {
    const std::string_view status = head.substr(kBeforeStatus.size(), kStatusDigits);
    if (!block.add(":status", status == kSwitches ? kTunnel : status)) return false;
    return encode_lines(head.substr(head.find("\r\n") + 2), block);
}

bool encode_lines(std::string_view lines, HeaderEncoder& block) {
    while (!lines.empty()) {
        const auto end = lines.find('\r');  // whole lines of our own: it stands nowhere else
        const std::string_view line = lines.substr(0, end);
        if (line.empty()) return true;
        lines.remove_prefix(end == lines.npos ? lines.size() : end + 2);
        const auto colon = line.find(':');
        if (colon == line.npos) continue;  // none of ours
        const std::string_view name = line.substr(0, colon);
        if (is_of_connection(http::field_name(name))) continue;
        if (!block.add(name, http::trim(line.substr(colon + 1)))) return false;
    }
    return true;
}

}  // namespace switchyard::http2
