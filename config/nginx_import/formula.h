// A condition that may also be certain: what remains of an nginx test once everything known is worked out.
//
// Threads: plain values.
#pragma once

#include "config/model/condition.h"

namespace switchyard::config::nginx {

struct Formula {
    enum class Kind { never, always, depends };
    Kind kind = Kind::always;
    Condition condition;  // for depends

    bool operator==(const Formula&) const = default;

    static Formula constant(bool value);
    static Formula of(Condition condition);
};

Formula both(const Formula& a, const Formula& b);
Formula either(const Formula& a, const Formula& b);
Formula negated(const Formula& a);

}  // namespace switchyard::config::nginx
