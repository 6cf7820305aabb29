// A scenario as data: who does what, how often, with what pauses, and what counts as right.
//
// Invariants after parse_scenario: every template's variables are in `names`, and given or captured in its group;
//   shares and weights are positive; a group has a non-empty mix; tags number the steps of all groups from 0, in the
//   order of the file.
// Threads: immutable once a run has started.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/yardbench/engine/clock.h"
#include "bench/yardbench/scenario/template.h"

namespace yardbench {

struct Capture {
    std::size_t variable = 0;
    bool from_header = false;
    std::string where;   // a header's name, or a JSON pointer in which one part may be "*": any element, by lot
    unsigned every = 1;  // look at one in so many answers: parsing long lists costs the generator time
};

struct JsonExpectation {
    std::string pointer;
    bool exists = true;      // it must (or must not) be there
    bool has_value = false;  // … and equal this
    nlohmann::json value;
};

struct Step {
    std::string name;
    std::uint32_t tag = 0;
    double weight = 1;
    std::string method = "GET";
    Template path;
    std::vector<std::pair<std::string, Template>> headers;
    Template body;
    bool has_body = false;
    bool says_host = false;  // in its headers, so the address it is sent to is not said besides
    Nanos think_least = 0;
    Nanos think_most = 0;
    std::vector<std::size_t> needs;  // variables without which the step cannot be done
    std::vector<Capture> captures;
    std::vector<unsigned> expect_status;                              // empty: anything below 400
    std::vector<std::pair<std::string, std::string>> expect_headers;  // the value must contain the text
    std::vector<JsonExpectation> expect_json;
    // Sent again, the same bytes, when the connection was cut or a gateway answered 502 to 504: what a client does
    // that gave the request an Idempotency-Key.
    bool retry_cut = false;
    std::string acknowledge;  // JSON pointer to what an accepted write must never lose; may be empty
};

struct Group {
    std::string name;
    double share = 1;
    std::vector<Step> start;  // once, in order, when a user begins
    std::vector<Step> mix;    // then these, by lot according to weight
};

struct Feed {
    std::vector<std::vector<std::string>> rows;
};

struct Stage {
    unsigned users = 0;
    Nanos duration = 10 * kSecond;
};

struct Scenario {
    std::string name;
    Template::Names names;
    std::vector<std::pair<std::size_t, std::string>> variables;  // given from the start
    std::vector<Feed> feeds;
    std::vector<Group> groups;
    std::vector<Stage> stages;
    std::vector<std::string> step_names;  // by tag
};

// All that is wrong with a scenario file, each line with its JSON pointer.
class ScenarioError : public std::invalid_argument {
  public:
    using std::invalid_argument::invalid_argument;
};

// `folder`: where the files of feeds are looked for.
Scenario parse_scenario(const nlohmann::json& document, const std::string& folder);
// Reads the file (comments allowed) and parses it.
Scenario load_scenario(const std::string& path);

}  // namespace yardbench
