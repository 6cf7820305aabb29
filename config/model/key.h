// Something a request carries, and how it is written: "header:X-User", "cookie:uid", "query:q", "claim:sub", "client",
// "method", "path".
//
// Invariants: parse_key(key_text(k)) == k. Names are not checked here beyond being there; validate() does that.
// Threads: pure functions. Errors: parse says in words what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/spelling.h"

namespace switchyard::config {

struct Key {
    enum class Source : std::uint8_t { header, cookie, query, claim, client, method, path, host };
    Source source = Source::client;
    std::string name;  // empty for client, method, path, host
    bool operator==(const Key&) const = default;
};
template <>
std::span<const Spelling<Key::Source>> spellings<Key::Source>();

// Whether keys of this source carry a name (header, cookie, query, claim).
bool has_name(Key::Source source);
// A claim of the client's certificate (claim:client.cn), which a listener verifies, and not of a token.
bool is_certificate_claim(const Key& key);
// Those there are, without "client.".
extern const std::vector<std::string> kCertificateClaims;
std::string key_text(const Key& key);
std::optional<Key> parse_key(std::string_view text, std::string* why = nullptr);

}  // namespace switchyard::config
