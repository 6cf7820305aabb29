#include "control/rollout/plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchyard::control::rollout {

analysis::Settings Plan::settings() const {
    // Steps wait for evidence, so a rollout takes about twice its plan; below ten minutes restarts would crowd.
    constexpr double kShortestHorizon = 600.0;
    analysis::Settings out;
    out.false_alarm = false_alarm;
    out.errors_tolerate = errors_tolerate;
    out.latency_tolerate = latency_tolerate;
    out.latency_tail = latency_tail;
    out.duration_tolerate = duration_tolerate;
    out.duration_tail = duration_tail;
    out.answers_false_alarm = answers_false_alarm;
    out.answers_roll_back = answers_roll_back;
    if (slo_success_percent) out.failure_limit = 1.0 - *slo_success_percent / 100.0;
    if (slo_p99) out.p99_limit = static_cast<std::uint64_t>(slo_p99->count()) * 1000;
    out.max_extra_failures = max_extra_failures;
    out.horizon = std::max(kShortestHorizon, 2.0 * std::chrono::duration<double>(planned()).count());
    return out;
}

namespace {

// All that is not plainly a letter or a digit, so that no query can be read as something else.
std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                           c == '_' || c == '.';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

std::string HttpCheck::asked() const {
    if (kind != Kind::prometheus) return url;
    return url + (url.ends_with('/') ? "" : "/") + "api/v1/query?query=" + percent_encoded(what);
}

}  // namespace switchyard::control::rollout
