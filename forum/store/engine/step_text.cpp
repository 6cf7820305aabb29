#include "forum/store/engine/step_text.h"

#include <algorithm>
#include <cctype>

namespace forum {

namespace {

bool opens_quotation(char c) {
    return c == '\'' || c == '"' || c == '`';
}

std::size_t end_of_quotation(std::string_view sql, std::size_t at) {
    const std::size_t close = sql.find(sql[at], at + 1);
    return close == std::string_view::npos ? sql.size() : close + 1;
}

}  // namespace

std::vector<std::string> statements_of_step(std::string_view sql) {
    std::vector<std::string> statements;
    std::string one;
    const auto finish = [&] {
        const bool empty = std::ranges::all_of(one, [](unsigned char c) { return std::isspace(c) != 0; });
        if (!empty) statements.push_back(one.substr(one.find_first_not_of(" \t\r\n")));
        one.clear();
    };
    for (std::size_t at = 0; at < sql.size();) {
        if (sql.substr(at).starts_with("--")) {
            at = std::min(sql.find('\n', at), sql.size());
        } else if (opens_quotation(sql[at])) {
            const std::size_t end = end_of_quotation(sql, at);
            one += sql.substr(at, end - at);
            at = end;
        } else if (sql[at] == ';') {
            finish();
            ++at;
        } else {
            one += sql[at++];
        }
    }
    finish();
    return statements;
}

}  // namespace forum
