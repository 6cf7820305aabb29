#include "proxy/http/preconditions.h"

#include "proxy/http/characters.h"
#include "proxy/http/http_date.h"

namespace switchyard::http {
namespace {

// Of a list of entity tags, over all fields of that name: `weak`: W/ makes no difference.
struct Tags {
    bool any = false;  // there is such a field
    bool match = false;
};

Tags look(const char* base, const Head& head, std::string_view lower_name, std::string_view etag, bool weak) {
    Tags out;
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        if (!equals_lower(head.fields[i].name.of(base), lower_name)) continue;
        out.any = true;
        // A tag may have a comma inside, ours have none: cut in two, such a one is equal to none of them.
        for (std::string_view rest = head.fields[i].value.of(base); !rest.empty();) {
            std::string_view member = take_member(rest);
            if (weak && member.starts_with("W/")) member.remove_prefix(2);
            out.match = out.match || member == "*" || member == etag;
        }
    }
    return out;
}

}  // namespace

std::string_view field_value(const char* base, const Head& head, std::string_view lower_name) {
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (equals_lower(head.fields[i].name.of(base), lower_name)) return head.fields[i].value.of(base);
    return {};
}

Precondition precondition(const char* base, const Head& head, const Validators& now) {
    if (const Tags wanted = look(base, head, "if-match", now.etag, false); wanted.any) {
        if (!wanted.match) return Precondition::failed;
    } else if (const auto since = parse_http_date(field_value(base, head, "if-unmodified-since"))) {
        if (now.modified_s > *since) return Precondition::failed;
    }
    if (const Tags known = look(base, head, "if-none-match", now.etag, true); known.any)
        return known.match ? Precondition::not_modified : Precondition::holds;
    const auto since = parse_http_date(field_value(base, head, "if-modified-since"));
    return since && now.modified_s <= *since ? Precondition::not_modified : Precondition::holds;
}

bool range_counts(const char* base, const Head& head, const Validators& now) {
    const std::string_view condition = field_value(base, head, "if-range");
    if (condition.empty() || condition == now.etag) return true;
    const auto date = parse_http_date(condition);
    return date && *date == now.modified_s;
}

}  // namespace switchyard::http
