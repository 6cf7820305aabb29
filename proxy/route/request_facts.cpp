#include "proxy/route/request_facts.h"

#include "proxy/http/characters.h"

namespace switchyard::route {

std::string_view RequestFacts::header(std::string_view lower_name) const {
    for (std::uint16_t i = 0; i < head->field_count; ++i)
        if (http::equals_lower(head->fields[i].name.of(base), lower_name)) return head->fields[i].value.of(base);
    return {};
}

std::string_view RequestFacts::cookie(std::string_view name) const {
    if (!head->has(http::FieldName::cookie)) return {};
    for (std::uint16_t i = 0; i < head->field_count; ++i) {
        if (head->fields[i].id != http::FieldName::cookie) continue;
        std::string_view rest = head->fields[i].value.of(base);
        while (!rest.empty()) {
            const auto end = rest.find(';');
            std::string_view pair = http::trim(rest.substr(0, end));
            rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
            if (pair.size() > name.size() && pair[name.size()] == '=' && pair.substr(0, name.size()) == name) {
                pair.remove_prefix(name.size() + 1);
                if (pair.size() >= 2 && pair.front() == '"' && pair.back() == '"')
                    pair = pair.substr(1, pair.size() - 2);
                return pair;
            }
        }
    }
    return {};
}

std::string_view RequestFacts::query_value(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
        const auto equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        return equals == pair.npos ? pair.substr(pair.size()) : pair.substr(equals + 1);
    }
    return {};
}

}  // namespace switchyard::route
