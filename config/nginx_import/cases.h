// The values an nginx variable can have: a list of cases of which the first that holds decides.
//
// Errors: TooManyCases is thrown by all that makes lists longer.
// Invariants: never empty; the last case always holds; no other always or never does.
// Threads: plain values.
#pragma once

#include <stdexcept>
#include <vector>

#include "config/nginx_import/formula.h"
#include "config/nginx_import/text.h"

namespace switchyard::config::nginx {

struct Case {
    Formula when;
    Text out;
    bool operator==(const Case&) const = default;
};

using Cases = std::vector<Case>;

// Products of many variables explode; a map of tenants may well have thousands of lines.
inline constexpr std::size_t kMaxCases = 10'000;

// More than kMaxCases: the configuration is given up, with a fault.
struct TooManyCases : std::runtime_error {
    TooManyCases() : std::runtime_error("its conditions multiply to more cases than can be carried over") {}
};

Cases always(Text out);
// Drops what cannot be reached, joins neighbours with the same value.
Cases tidy(Cases cases);
// `yes` where the formula holds, `no` elsewhere.
Cases choose(const Formula& formula, const Cases& yes, const Cases& no);
// Each value of `a` followed by each of `b`.
Cases joined(const Cases& a, const Cases& b);
// inner(value) in place of each value.
template <class Inner>
Cases mapped(const Cases& cases, Inner inner) {
    Cases out;
    for (const Case& outer : cases)
        for (const Case& part : inner(outer.out)) out.push_back({both(outer.when, part.when), part.out});
    return tidy(std::move(out));
}

}  // namespace switchyard::config::nginx
