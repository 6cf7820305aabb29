// Who a client is by its certificate, in words: what rules, keys and edits go by, and what endpoints are told.
//
// Invariants: nothing but "client.verified" and "client.error" is there unless the certificate was verified. Values are
//   text of one line. Threads: plain value.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard {

struct ClientClaims {
    std::vector<std::pair<std::string, std::string>> values;  // by "client.verified", "client.cn" …
    std::string field;                                        // as Client-Cert says it (RFC 9440); empty: nothing is

    // data() == nullptr when absent.
    std::string_view value(std::string_view name) const {
        for (const auto& [known, value] : values)
            if (known == name) return value;
        return {};
    }
};

}  // namespace switchyard
