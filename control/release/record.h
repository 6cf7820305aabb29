// One line of a release's journal: what happened to one of its steps. The lines alone rebuild the machine.
//
// Invariants: a record is durable before the runner acts on it; parse(to_json(r)) == r.
// Threads: plain values. `at` is wall-clock time for people; nothing is ever computed from it.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/release/step.h"

namespace switchyard::control::release {

struct Record {
    enum class What : std::uint8_t {
        begun,
        done,
        failed,       // what was done has to be taken back
        unfinished,   // not what was wanted, and no reason to go back: said at the end
        lapsed,       // the proxy has taken the change back by itself: the runner had stayed away
        interrupted,  // a person wants it to end
        resumed,      // a runner goes on where another one stopped
        undone,       // the step was taken back
        not_undone,   // it could not be
        again         // it had failed, and is tried once more under its id
    };
    What what = What::begun;
    Step step = Step::endpoints;   // of resumed and interrupted: where it stood
    std::string detail;            // one sentence for people
    std::uint64_t generation = 0;  // that it made; 0: none
    std::string rollout;           // that it began; empty: none
    nlohmann::ordered_json data;   // what taking it back needs; null for most
    std::string at;
    bool operator==(const Record&) const = default;
};

inline constexpr std::array<std::string_view, 10> kWhatWords{"begun",       "done",    "failed", "unfinished", "lapsed",
                                                             "interrupted", "resumed", "undone", "not_undone", "again"};
inline std::string_view word(Record::What what) {
    return kWhatWords[static_cast<std::size_t>(what)];
}

nlohmann::ordered_json to_json(const Record& record);
// Nothing when it is no record of ours.
std::optional<Record> parse_record(const nlohmann::ordered_json& json);

}  // namespace switchyard::control::release
