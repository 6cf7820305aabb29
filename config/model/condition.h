// What is asked of a request: a tree of tests over its keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/model/key.h"
#include "config/text/spelling.h"

namespace switchyard::config {

// A tree: all / any / not over tests of one key.
struct Condition {
    enum class Kind : std::uint8_t { test, all, any, negate };
    enum class Test : std::uint8_t { present, equals, in, prefix, matches };  // client: in = CIDRs
    Kind kind = Kind::test;
    std::vector<Condition> children;  // for all, any; exactly one for negate
    Key key;
    Test test = Test::present;
    std::vector<std::string> values;  // one but for `in`; none for present
    bool operator==(const Condition&) const = default;
};
template <>
std::span<const Spelling<Condition::Test>> spellings<Condition::Test>();

}  // namespace switchyard::config
