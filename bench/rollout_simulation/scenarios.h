// What is simulated, and what is made of it: rows of a table, each with the bound it is held to.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rollout_simulation/simulated_rollout.h"

namespace rollout_simulation {

struct Scale {
    unsigned runs = 200;
    double seconds = 5000;  // of an A/A rollout
    unsigned threads = 1;
    std::uint64_t seed = 20260101;
    double look = .05;  // seconds between two looks of the analysis
    std::string only;   // rows whose name has this in it; empty: all
    bool wanted(std::string_view row) const { return row.find(only) != std::string_view::npos; }
};

struct Row {
    std::string name;
    std::string text;  // the figures, for people
    bool held = true;  // within its bound
    nlohmann::ordered_json figures;
};

// Many runs of one setup, in the order of their seeds whatever the number of threads.
std::vector<Outcome> simulate_many(const Setup& setup, const Scale& scale);

std::vector<Row> validity(const Scale& scale);
std::vector<Row> power(const Scale& scale);
std::vector<Row> best_possible(const Scale& scale);

}  // namespace rollout_simulation
