// A Key as text: "header:X-User", "cookie:uid", "query:q", "claim:sub", "client", "method", "path".
//
// Invariants: parse_key(key_text(k)) == k. Names are not checked here beyond being there; validate() does that.
// Threads: pure functions. Errors: parse says in words what was expected.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace switchyard::config {

// Whether keys of this source carry a name (header, cookie, query, claim).
bool has_name(Key::Source source);
// A claim of the client's certificate (claim:client.cn), which a listener verifies, and not of a token.
bool is_certificate_claim(const Key& key);
// Those there are, without "client.".
extern const std::vector<std::string> kCertificateClaims;
std::string key_text(const Key& key);
std::optional<Key> parse_key(std::string_view text, std::string* why = nullptr);

}  // namespace switchyard::config
