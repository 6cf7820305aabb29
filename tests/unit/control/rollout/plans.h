// The plan of the documentation, and short ways to say "evidence".
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/rollout/machine.h"
#include "control/rollout/parse_plan.h"

inline constexpr const char* kPlanText = R"({
  "route": "forum", "from": "blue", "to": "green",
  "steps": [ {"header_only": "1m"}, {"weight": 1, "bake": "30s"}, {"weight": 5, "bake": "1m"}, {"pause": {}},
             {"weight": 25, "bake": "1m"}, {"weight": 100, "bake": "2m"} ],
  "analysis": { "false_alarm": 0.001,
    "errors":  { "tolerate": 1.5 }, "latency": { "p50": 1.2, "p90": 1.5, "p99": 2.0 },
    "slo":     { "success_percent": 99.0, "p99": "500ms" }, "max_extra_failures": 30,
    "checks":  [ { "name": "smoke", "http": "http://127.0.0.1:9002/readyz", "every": "5s", "failures": 3 } ],
    "webhooks": [ { "on": ["step", "rollback", "done"], "url": "http://127.0.0.1:7000/hook" } ],
    "inconclusive": "pause" } })";

inline switchyard::control::rollout::Plan example_plan() {
    auto result = switchyard::control::rollout::parse_plan(nlohmann::ordered_json::parse(kPlanText));
    return result.plan.value();
}
