// The record of one release: who moved which route from where to where, in which steps, and what became of it.
//
// Invariants: outcome and reason are those of the machine of its journal, but for abandoned and undone, which the book
//   says. Text round-trips. Threads: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/model/route.h"
#include "control/release/machine.h"

namespace switchyard::control::release {

struct Release {
    std::string id, route, from, to;
    std::string who, origin;   // of the caller that began it: name of the token, address
    std::string begun, ended;  // wall-clock, for people; empty: not yet
    Outcome outcome = Outcome::running;
    std::string reason;
    Wanted wanted;
    nlohmann::ordered_json plan;   // what its runner was told to do: shown, never read here
    std::uint64_t generation = 0;  // in force before it
    config::Split split;           // of the route before it
    std::vector<Record> steps;
    std::string runner;                   // who may write: the last one that began or resumed it
    std::chrono::milliseconds within{0};  // so long after it was last heard of its runner counts as gone
    std::string undone_by;
    bool operator==(const Release&) const = default;

    bool running() const { return outcome == Outcome::running; }
    // Its traffic moved, as far as is known, and was not taken back.
    bool stands() const { return outcome == Outcome::succeeded || outcome == Outcome::incomplete; }
};

nlohmann::ordered_json to_json(const Wanted& wanted);
Wanted parse_wanted(const nlohmann::ordered_json& json);

std::string text_of(const Release& release);
std::optional<Release> parse_release(const std::string& text);

// As the API shows it: without the runner's secret. `whole`: with the journal and the plan.
nlohmann::ordered_json view(const Release& release, bool whole);

}  // namespace switchyard::control::release
