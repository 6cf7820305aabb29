// What a rehearsal has shown, judged from every request of it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/yardbench/engine/tally.h"
#include "bench/yardbench/rehearsal/rehearsal.h"
#include "bench/yardbench/switching/switch_judge.h"

namespace yardbench {

struct RehearsalVerdict {
    SwitchVerdict switches;
    std::string broken;
    unsigned canary_asked = 0;
    std::uint64_t canary_right = 0;
    std::uint64_t early = 0;           // answered by the new colour before the split was asked for, without the header
    std::uint64_t split_requests = 0;  // routed by the split's generation
    std::uint64_t split_to = 0;        // of these, by the new colour
    unsigned split_percent = 0;
    std::uint64_t retried = 0;            // attempts cut on the wire and repeated with their Idempotency-Key
    std::uint64_t retried_elsewhere = 0;  // of these, of requests that were not on the wire or sent around the kill
    std::uint64_t acknowledged = 0;

    bool split_exact() const;
    bool held() const;
};

RehearsalVerdict judge_rehearsal(const Rehearsal& rehearsal, const Rehearsal::Settings& settings, RequestLog& log,
                                 const Colours& colours, const Tally& tally, std::uint64_t acknowledged);
nlohmann::json to_json(const RehearsalVerdict& verdict);
std::string to_text(const RehearsalVerdict& verdict);

}  // namespace yardbench
