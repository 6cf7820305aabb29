// Of what a client of HTTP/1 got: strict responses, each of them either of a request that arrived, in their order, or
// the proxy's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "law.h"
#include "tests/support/strict_message.h"

namespace switchyard::test {

// `arrived`: the methods of the requests that did. `ended`: the connection has, behind what was seen.
inline void check_answers(std::string_view seen, bool ended, const std::vector<std::string>& arrived) {
    using Outcome = StrictResult::Outcome;
    for (std::size_t answered = 0; !seen.empty();) {
        const auto head = read_strict_response(seen, "HEAD", ended);
        LAW(head.outcome != Outcome::bad);
        if (head.outcome == Outcome::partial) return;
        const auto type = head.message.values("content-type");
        const bool own = !type.empty() && type[0] == "application/problem+json";
        const bool final = head.message.status >= 200;
        if (!own && final) LAW(answered < arrived.size());
        const auto response = read_strict_response(seen, own || !final ? "GET" : arrived[answered], ended);
        LAW(response.outcome != Outcome::bad);
        if (response.outcome == Outcome::partial) return;
        answered += !own && final;
        seen.remove_prefix(response.message.size);
    }
}

}  // namespace switchyard::test
