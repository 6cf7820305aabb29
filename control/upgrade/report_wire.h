// What a worker has counted, as one process tells it to another: ids are each process's own, so it goes by names.
//
// A reader passes over what it does not know and takes what is missing for nothing; lists of another length than this
// program's – it knows other kinds of answers – count as nothing. Where marks come from (WorkerReport::marks) is not
// told.
// Pure. Errors: what is no report is nothing. Threads: plain values.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "proxy/base/metrics.h"
#include "proxy/snapshot/counts_elsewhere.h"

namespace switchyard::control::upgrade {

// By Registry ids; 0 and "" are no name.
struct Names {
    std::function<std::string(std::uint32_t)> route, upstream;
    std::function<std::pair<std::string, std::string>(std::uint32_t)> endpoint;  // upstream, address; empty: it is gone
};
struct Numbers {
    std::function<std::uint32_t(const std::string&)> route, upstream;
    std::function<std::uint32_t(const std::string& upstream, const std::string& address)> endpoint;
};

nlohmann::ordered_json report_text(const WorkerReport& report, const Names& names);
std::optional<WorkerReport> report_of(const nlohmann::ordered_json& text, const Numbers& numbers);

nlohmann::ordered_json share_text(const InFlightShare& share);
InFlightShare share_of(const nlohmann::ordered_json& text);

}  // namespace switchyard::control::upgrade
