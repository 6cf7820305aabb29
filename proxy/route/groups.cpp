#include "proxy/route/groups.h"

#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/route/asked.h"
#include "proxy/route/route.h"

namespace switchyard::route {
namespace {

void add_octet_escaped(std::string& to, char c) {
    to += '%';
    to += http::kHexDigits[static_cast<unsigned char>(c) >> 4];
    to += http::kHexDigits[static_cast<unsigned char>(c) & 15];
}

// What clients may send raw in a query, and what has no place in a target that we write.
void add_query(std::string& to, std::string_view query) {
    for (const char c : query)
        if (http::is(c, http::kTarget))
            to += c;
        else
            add_octet_escaped(to, c);
}

// What parts or ends the members of a query, and a '+', which reads as a space there.
bool parts_query(char c) {
    return c == '&' || c == ';' || c == '=' || c == '+' || c == '?' || c == '#';
}

// A part of a target as the client wrote it, its escapes with it.
void add_written(std::string& to, std::string_view written, bool in_query) {
    if (!in_query) {
        to += written;
        return;
    }
    for (const char c : written)
        if (parts_query(c))
            add_octet_escaped(to, c);
        else
            to += c;
}

void add_group(std::string& to, std::string_view group, bool in_query) {
    if (!in_query) return add_escaped(to, group);
    for (const char c : group)
        if (c != '%' && !parts_query(c) && http::is(c, http::kTarget))
            to += c;
        else
            add_octet_escaped(to, c);
}

}  // namespace

GroupSources GroupSources::of(const Route& route) {
    return {route.path_groups.get(), route.host_groups.get()};
}

const Groups::Taken& Groups::taken(std::unique_ptr<Taken>& of, const Expression* by, std::string_view value) {
    if (!of) {
        of = std::make_unique<Taken>();
        if (by != nullptr) by->take(value, *of);
    }
    return *of;
}

void add_escaped(std::string& to, std::string_view routed) {
    for (const char c : routed)
        if (c != '%' && c != '?' && http::is(c, http::kTarget))
            to += c;
        else
            add_octet_escaped(to, c);
}

std::string filled(std::string_view pattern, const Groups& groups, const Asked& asked) {
    using What = config::TargetPart::What;
    std::string to;
    bool in_query = false;
    for (std::string_view left = pattern; !left.empty();) {
        const config::TargetPart part = config::next_part(left);
        switch (part.what) {
            case What::text:
                to += part.text;
                in_query = in_query || part.text.find('?') != part.text.npos;
                break;
            case What::host:
                add_written(to, asked.facts.host, in_query);
                break;
            case What::path:
                // The server as a whole has no address of its own.
                add_written(
                    to, asked.target.form == http::Target::Form::asterisk ? std::string_view("/") : asked.target.path,
                    in_query);
                break;
            case What::query:
                in_query = true;
                if (part.text.empty() || !asked.target.query.empty()) to += part.text;  // no bare mark
                add_query(to, asked.target.query);
                break;
            case What::path_group:
                add_group(to, groups.of_path(part.group), in_query);
                break;
            case What::host_group:
                add_group(to, groups.of_host(part.group), in_query);
                break;
        }
    }
    return to;
}

std::string filled_for_client(std::string_view pattern, const Groups& groups, const Asked& asked) {
    std::string to = filled(pattern, groups, asked);
    if (pattern.starts_with('/') && !pattern.starts_with("//"))
        to.erase(0, std::min(to.find_first_not_of('/'), to.size()) - 1);
    return to;
}

}  // namespace switchyard::route
