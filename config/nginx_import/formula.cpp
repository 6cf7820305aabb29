#include "config/nginx_import/formula.h"

#include <algorithm>
#include <utility>

namespace switchyard::config::nginx {

namespace {

using Kind = Condition::Kind;

bool tests_equality(const Condition& c) {
    return c.kind == Kind::test && (c.test == Condition::Test::equals || c.test == Condition::Test::in);
}

// One key cannot be equal to two things, nor pass a test and fail it.
bool contradicts(const std::vector<Condition>& all) {
    for (const Condition& a : all)
        for (const Condition& b : all) {
            if (a.kind == Kind::negate && a.children[0] == b) return true;
            if (!tests_equality(a) || !tests_equality(b) || a.key != b.key || a.key.source == Key::Source::client)
                continue;
            if (std::ranges::none_of(
                    a.values, [&](const auto& value) { return std::ranges::find(b.values, value) != b.values.end(); }))
                return true;
        }
    return false;
}

// Joins two conditions into one list, flattening lists of the same kind and dropping repetitions.
Formula join(Kind kind, const Condition& a, const Condition& b) {
    Condition joined;
    joined.kind = kind;
    for (const Condition* part : {&a, &b}) {
        const std::vector<Condition> alone{*part};
        for (const Condition& child : part->kind == kind ? part->children : alone)
            if (std::ranges::find(joined.children, child) == joined.children.end()) joined.children.push_back(child);
    }
    if (kind == Kind::all && contradicts(joined.children)) return Formula::constant(false);
    if (joined.children.size() == 1) return Formula::of(joined.children[0]);
    return Formula::of(std::move(joined));
}

}  // namespace

Formula Formula::constant(bool value) {
    return {value ? Formula::Kind::always : Formula::Kind::never, {}};
}
Formula Formula::of(Condition condition) {
    return {Formula::Kind::depends, std::move(condition)};
}

Formula both(const Formula& a, const Formula& b) {
    if (a.kind == Formula::Kind::never || b.kind == Formula::Kind::always) return a;
    if (b.kind == Formula::Kind::never || a.kind == Formula::Kind::always) return b;
    return join(Kind::all, a.condition, b.condition);
}

Formula either(const Formula& a, const Formula& b) {
    if (a.kind == Formula::Kind::always || b.kind == Formula::Kind::never) return a;
    if (b.kind == Formula::Kind::always || a.kind == Formula::Kind::never) return b;
    // One key equal to this or that is one list.
    if (tests_equality(a.condition) && tests_equality(b.condition) && a.condition.key == b.condition.key) {
        Condition list = a.condition;
        for (const auto& value : b.condition.values)
            if (std::ranges::find(list.values, value) == list.values.end()) list.values.push_back(value);
        if (list.values.size() > 1) list.test = Condition::Test::in;
        return Formula::of(std::move(list));
    }
    return join(Kind::any, a.condition, b.condition);
}

Formula negated(const Formula& a) {
    if (a.kind != Formula::Kind::depends) return Formula::constant(a.kind == Formula::Kind::never);
    if (a.condition.kind == Kind::negate) return Formula::of(a.condition.children[0]);
    Condition negation;
    negation.kind = Kind::negate;
    negation.children = {a.condition};
    return Formula::of(std::move(negation));
}

}  // namespace switchyard::config::nginx
