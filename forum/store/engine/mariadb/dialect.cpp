#include "forum/store/engine/mariadb/dialect.h"

#include <cctype>

namespace forum {

namespace {

constexpr std::string_view kOnConflict = "ON CONFLICT ";
constexpr std::string_view kUpdate = "DO UPDATE SET ";
constexpr std::string_view kNothing = "DO NOTHING";
constexpr std::string_view kExcluded = "excluded.";

bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::size_t end_of_name(std::string_view sql, std::size_t at) {
    while (at < sql.size() && is_name(sql[at])) ++at;
    return at;
}

// The end of the quoted text that begins here.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
    const std::size_t close = sql.find(sql[at], at + 1);
    return close == std::string_view::npos ? sql.size() : close + 1;
}

bool is_quote(char c) {
    return c == '\'' || c == '"' || c == '`';
}

// INSERT INTO table (first, …
std::string_view first_column(std::string_view sql) {
    const std::size_t open = sql.find('(') + 1;
    return sql.substr(open, sql.find_first_of(",)", open) - open);
}

// What stands for ON CONFLICT … at `at`; moves behind it.
std::string upsert_at(std::string_view sql, std::size_t& at) {
    const std::size_t nothing = sql.find(kNothing, at);
    const std::size_t update = sql.find(kUpdate, at);
    if (nothing < update) {
        at = nothing + kNothing.size();
        const std::string column(first_column(sql));
        return "ON DUPLICATE KEY UPDATE " + column + " = " + column;  // says nothing, and hides no other failure
    }
    at = update + kUpdate.size();
    return "ON DUPLICATE KEY UPDATE ";
}

}  // namespace

MariadbText mariadb_text(std::string_view sql) {
    MariadbText out;
    int plain = 0;
    for (std::size_t at = 0; at < sql.size();) {
        const std::string_view rest = sql.substr(at);
        if (is_quote(sql[at])) {
            const std::size_t end = end_of_quoted(sql, at);
            out.sql += sql.substr(at, end - at);
            at = end;
        } else if (sql[at] == '?') {
            int number = 0;
            for (++at; at < sql.size() && std::isdigit(static_cast<unsigned char>(sql[at])) != 0; ++at) {
                number = number * 10 + (sql[at] - '0');
            }
            out.parameters.push_back(number > 0 ? number : ++plain);
            out.sql += '?';
        } else if (rest.starts_with(kOnConflict)) {
            out.sql += upsert_at(sql, at);
        } else if (rest.starts_with(kExcluded)) {
            const std::size_t end = end_of_name(sql, at + kExcluded.size());
            out.sql += "VALUES(" + std::string(sql.substr(at + kExcluded.size(), end - at - kExcluded.size())) + ')';
            at = end;
        } else {
            out.sql += sql[at++];
        }
    }
    return out;
}

}  // namespace forum
