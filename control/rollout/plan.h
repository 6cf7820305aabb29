// What the operator wants of a rollout, as plain data: which route, from where to where, in which steps, judged how.
//
// Invariants (kept by parse_plan): at least one weight step; weights grow and end at 100 %; every limit is in range.
// Threads: plain values. Units: milliseconds; weights in parts per million of the split.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/analysis/settings.h"

namespace switchyard::control::rollout {

using Duration = std::chrono::milliseconds;
using Ppm = std::uint32_t;
inline constexpr Ppm kWhole = 1'000'000;

struct Step {
    enum class Kind : std::uint8_t {
        header_only,  // only requests that a rule of the route sends reach the new upstream
        weight,       // a share of the split, for at least `bake`
        pause         // wait for a person
    };
    Kind kind = Kind::weight;
    Ppm weight = 0;
    Duration bake{0};             // header_only: how long it is held
    std::uint32_t approvals = 0;  // pause: so many people, and not who began it; 0: any one person
    bool operator==(const Step&) const = default;
};

struct HttpCheck {
    enum class Kind : std::uint8_t {
        status,     // passes when the answer is 2xx
        json,       // a number of the answer is compared
        prometheus  // what a query gives is compared
    };

    std::string name;
    std::string url;  // http(s)://host:port/path; of a Prometheus server what stands before /api/v1/query
    Duration every{5000};
    Duration timeout{2000};
    std::uint32_t failures = 3;  // so many in a row roll back
    Kind kind = Kind::status;
    std::string what{};                      // json: a JSON pointer · prometheus: a query
    std::optional<double> below{}, above{};  // the value that passes
    bool operator==(const HttpCheck&) const = default;

    const char* key() const { return kind == Kind::prometheus ? "prometheus" : "http"; }  // that has the URL
    std::string asked() const;                                                            // the URL as it is asked
};

struct Webhook {
    std::vector<std::string> on;  // kinds of announcements (announcement.h)
    std::string url;
    bool operator==(const Webhook&) const = default;
};

struct Plan {
    // What happens when a step has waited for evidence in vain.
    enum class Inconclusive : std::uint8_t { pause, promote_if_no_failures, rollback };

    std::string route, from, to;
    std::vector<Step> steps;
    double false_alarm = 0.001;
    double errors_tolerate = 1.5;                           // 0: off
    std::array<double, 3> latency_tolerate{1.2, 1.5, 2.0};  // p50, p90, p99; 0: off
    double latency_tail = 3.0;
    std::array<double, 3> duration_tolerate{1.2, 1.5, 2.0};  // of whole answers
    double duration_tail = 3.0;
    double answers_false_alarm = 0.001;  // kinds of answers, beside false_alarm; 0: off
    bool answers_roll_back = false;      // else they hold the step
    std::optional<double> slo_success_percent;
    std::optional<Duration> slo_p99;
    std::uint32_t max_extra_failures = 0;  // 0: no cap
    std::vector<HttpCheck> checks;
    std::vector<Webhook> webhooks;
    Inconclusive inconclusive = Inconclusive::pause;
    Duration patience{std::chrono::minutes(10)};  // how long a step waits for evidence beyond its bake
    Duration warm_up{std::chrono::seconds(10)};   // latency of the canary's first seconds does not count
    Duration return_over{0};                      // 0: a rollback takes all traffic away at once
    bool watch = false;  // guards a switch that a person has made: no evidence is needed to end well
    bool operator==(const Plan&) const = default;

    // How long it takes when nothing has to wait.
    Duration planned() const {
        Duration sum{0};
        for (const Step& step : steps) sum += step.bake;
        return sum;
    }
    // The chance that a release which is no worse is ever taken back for what was compared.
    double stated() const { return false_alarm + (answers_roll_back ? answers_false_alarm : 0.0); }
    analysis::Settings settings() const;
};

}  // namespace switchyard::control::rollout
