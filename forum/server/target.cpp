#include "forum/server/target.h"

#include <algorithm>

#include "forum/domain/ascii.h"

namespace forum {

namespace {

constexpr std::string_view kScheme = "http://";

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
        const int low = high >= 0 ? digit_of(text[i + 2]) : -1;
        if (low >= 0) {
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

std::string_view without_host(std::string_view target) {
    if (!equals_in_any_case(target.substr(0, kScheme.size()), kScheme)) return target;
    target.remove_prefix(kScheme.size());
    const std::size_t end = target.find_first_of("/?");
    return end == std::string_view::npos ? "/" : target.substr(end);
}

}  // namespace

Target target_from(std::string_view text) {
    text = without_host(text.substr(0, text.find('#')));
    const std::size_t mark = std::min(text.find('?'), text.size());
    Target target;
    target.path = decoded(text.substr(0, mark), false);
    if (target.path.empty()) target.path = "/";
    std::string_view query = text.substr(std::min(mark + 1, text.size()));
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        target.query.emplace_back(decoded(pair.substr(0, equals), true),
                                  decoded(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    return target;
}

}  // namespace forum
