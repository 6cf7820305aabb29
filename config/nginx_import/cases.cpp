#include "config/nginx_import/cases.h"

#include <algorithm>
#include <utility>

namespace switchyard::config::nginx {

namespace {

bool is_negation_of(const Condition& a, const Condition& b) {
    return a.kind == Condition::Kind::negate && a.children[0] == b;
}

// What remains to be tested where none of the earlier cases held: a part that an earlier case has tested alone is known
// to be false here, and its negation to be true.
Formula given_none_before(const Formula& formula, const Cases& earlier) {
    if (formula.kind != Formula::Kind::depends) return formula;
    const bool joins = formula.condition.kind == Condition::Kind::all;
    const std::vector<Condition> parts = joins ? formula.condition.children : std::vector{formula.condition};
    Formula remains = Formula::constant(true);
    for (const Condition& part : parts) {
        const auto failed = [&](const Case& before) { return before.when.condition == part; };
        if (std::ranges::any_of(earlier, failed)) return Formula::constant(false);
        const auto passed = [&](const Case& before) { return is_negation_of(part, before.when.condition); };
        if (std::ranges::none_of(earlier, passed)) remains = both(remains, Formula::of(part));
    }
    return remains;
}

}  // namespace

Cases always(Text out) {
    return {{Formula::constant(true), std::move(out)}};
}

Cases tidy(Cases cases) {
    Cases out;
    for (Case& item : cases) {
        item.when = given_none_before(item.when, out);
        if (item.when.kind == Formula::Kind::never) continue;
        if (!out.empty() && out.back().out == item.out) {
            out.back().when = either(out.back().when, item.when);
        } else {
            out.push_back(std::move(item));
        }
        if (out.back().when.kind == Formula::Kind::always) break;
    }
    if (out.size() > kMaxCases) throw TooManyCases();
    return out;
}

Cases choose(const Formula& formula, const Cases& yes, const Cases& no) {
    if (formula.kind == Formula::Kind::always) return yes;
    if (formula.kind == Formula::Kind::never) return no;
    Cases out;
    for (const Case& item : yes) out.push_back({both(formula, item.when), item.out});
    out.insert(out.end(), no.begin(), no.end());
    return tidy(std::move(out));
}

Cases joined(const Cases& a, const Cases& b) {
    return mapped(a, [&](const Text& first) {
        Cases out;
        for (const Case& second : b) {
            Text both_parts = first;
            append(both_parts, second.out);
            out.push_back({second.when, std::move(both_parts)});
        }
        return out;
    });
}

}  // namespace switchyard::config::nginx
