#include "proxy/route/groups.h"

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

}  // namespace

GroupSources GroupSources::of(const Route& route) {
    return {route.path_groups.get(), route.host_groups.get()};
}

Groups::Groups(const GroupSources& from, const RequestFacts& facts) {
    if (from.path != nullptr) from.path->take(facts.path, path_);
    if (from.host != nullptr) from.host->take(facts.host, host_);
}

void add_escaped(std::string& to, std::string_view routed) {
    for (const char c : routed)
        if (c != '%' && c != '?' && http::is(c, http::kTarget))
            to += c;
        else
            add_octet_escaped(to, c);
}

std::string filled(std::string_view pattern, const GroupSources& from, const Asked& asked) {
    using What = config::TargetPart::What;
    const Groups groups(from, asked.facts);
    std::string to;
    for (std::string_view left = pattern; !left.empty();) {
        const config::TargetPart part = config::next_part(left);
        switch (part.what) {
            case What::text:
                to += part.text;
                break;
            case What::host:
                to += asked.facts.host;
                break;
            case What::path:
                // The server as a whole has no address of its own.
                to += asked.target.form == http::Target::Form::asterisk ? std::string_view("/") : asked.target.path;
                break;
            case What::query:
                if (part.text.empty() || !asked.target.query.empty()) to += part.text;  // no bare mark
                add_query(to, asked.target.query);
                break;
            case What::path_group:
                add_escaped(to, groups.of_path(part.group));
                break;
            case What::host_group:
                add_escaped(to, groups.of_host(part.group));
                break;
        }
    }
    return to;
}

}  // namespace switchyard::route
