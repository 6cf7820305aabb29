// A compiled condition over a request: regular expressions and networks prepared once.
//
// Pure; immutable; shared by all workers. An absent key fails every test (so "not present" is {not: {present}}).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/model/condition.h"
#include "config/model/key.h"
#include "proxy/route/expression.h"
#include "proxy/route/request_facts.h"

namespace switchyard::route {

// The value of a key in a request; data() == nullptr when absent. `scratch` holds texts that must be made.
std::string_view value_of(const config::Key& key, const std::string& lower_name, const RequestFacts& facts,
                          std::string& scratch);

class Condition {
  public:
    // `workers`: how many will ask it.
    explicit Condition(const config::Condition& source, unsigned workers = 0);
    // An expression in it is refused by the engine of this version: it is not known whether it holds.
    bool refused() const;
    bool holds(const RequestFacts& facts) const;

  private:
    bool test(const RequestFacts& facts) const;

    config::Condition::Kind kind_;
    std::vector<Condition> children_;
    config::Key key_;
    std::string lower_name_;
    config::Condition::Test test_;
    std::vector<std::string> values_;
    CidrSet networks_;                              // client tests
    std::shared_ptr<const Expression> expression_;  // matches
};

}  // namespace switchyard::route
