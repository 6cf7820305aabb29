// What the clients saw between one fault and the next. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/yardbench/engine/histogram.h"
#include "bench/yardbench/switching/request_log.h"

namespace yardbench {

struct Phase {
    std::string name;
    Nanos from = 0;
    std::uint64_t finished = 0;
    std::array<std::uint64_t, kFailureKinds> failures{};
    Histogram latency;
    std::uint64_t failed() const;
};

// `starts`: when each phase begins, in order; the first one from the begin of the log. By intended send time.
std::vector<Phase> phases(const RequestLog& log, const std::vector<std::pair<Nanos, std::string>>& starts);
std::string to_text(const std::vector<Phase>& phases);
nlohmann::json to_json(const std::vector<Phase>& phases);

}  // namespace yardbench
