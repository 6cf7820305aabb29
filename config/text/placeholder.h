// What is filled into the value of an edited header for each request: {client}, {host}, {target}, {request_id},
// {client_cn} …
//
// A word of lower-case letters and '_' in braces is always a placeholder, so that a mistyped one is found; any other
// brace means itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

enum class Placeholder : std::uint8_t {
    client,      // its address, as in X-Forwarded-For: behind a trusted proxy the one that proxy names
    host,        // lower case, without port
    target,      // path and query as the client sent them
    request_id,  // as in X-Request-Id
    // Of the client's certificate; empty where there is none that was verified.
    client_cn,
    client_dns,
    client_fingerprint,
    client_subject,
    client_uri,
    client_verified,  // true | false
    // What a group of the route's expressions took; no words of their own: "1", "host.1".
    path_group,
    host_group,
};
// In the order of the enumeration.
inline const std::vector<std::string> kPlaceholders{
    "client",         "host",       "target",         "request_id", "client_cn", "client_dns", "client_fingerprint",
    "client_subject", "client_uri", "client_verified"};

struct PlaceholderUse {
    std::size_t begin = 0, end = 0;  // in the text, braces included
    std::string word;                // not checked: see placeholder_of
    bool operator==(const PlaceholderUse&) const = default;
};

// `groups`: the route has expressions, and {1} or {host.1} is a placeholder as well.
std::vector<PlaceholderUse> placeholders_in(std::string_view text, bool groups = false);
// Nothing: there is none of that name; groups have none.
std::optional<Placeholder> placeholder_of(std::string_view word);

}  // namespace switchyard::config
