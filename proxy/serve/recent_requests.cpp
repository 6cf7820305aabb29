#include "proxy/serve/recent_requests.h"

#include <utility>

namespace switchyard::serve {
namespace {

// Up to the next LF, which is taken off.
std::string_view line_of(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    return line;
}

RecentRequest request_of(std::string_view text) {
    RecentRequest out;
    out.method = line_of(text);
    out.target = line_of(text);
    out.client = line_of(text);
    out.listener = line_of(text);
    out.host = line_of(text);
    while (!text.empty()) {
        const std::string_view name = line_of(text), value = line_of(text);
        out.fields.emplace_back(name, value);
    }
    return out;
}

}  // namespace

void RecentRequests::note(std::int64_t now_ms, const http::Head& head, const char* base, std::string_view client,
                          std::string_view listener) {
    if (head.size > kMostText || head.method.of(base) == "CONNECT") return;
    next_ms_ = now_ms + kPaceMs;
    std::string& text = texts_[next_];
    next_ = (next_ + 1) % kKept;
    text.clear();
    const auto add = [&](std::string_view line) { text.append(line).push_back('\n'); };
    add(head.method.of(base));
    add(head.target.of(base));
    add(client);
    add(listener);
    const auto* const host = head.find(http::FieldName::host);
    add(host != nullptr ? host->value.of(base) : std::string_view{});
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        if (head.fields[i].id == http::FieldName::host) continue;
        add(head.fields[i].name.of(base));
        add(head.fields[i].value.of(base));
    }
}

std::vector<RecentRequest> RecentRequests::newest_first() const {
    std::vector<RecentRequest> out;
    for (std::size_t back = 1; back <= kKept; ++back)
        if (const auto& text = texts_[(next_ + kKept - back) % kKept]; !text.empty()) out.push_back(request_of(text));
    return out;
}

}  // namespace switchyard::serve
