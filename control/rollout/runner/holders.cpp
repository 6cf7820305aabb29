#include "control/rollout/runner/holders.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "control/rollout/parse_plan.h"
#include "control/rollout/record.h"

namespace switchyard::control::rollout {

std::map<std::string, std::string> holders(const std::map<std::string, std::string>& journals) {
    std::map<std::string, std::string> out;
    for (const auto& [id, text] : journals) {
        std::istringstream lines(text);
        std::string line;
        std::optional<Record> first;
        bool closed = false;
        while (std::getline(lines, line)) {
            auto record = parse_record(line);
            if (!record) continue;
            closed |= record->kind == Record::Kind::closed;
            if (!first) first = std::move(record);
        }
        if (!first || first->kind != Record::Kind::started || closed) continue;
        if (const auto plan = parse_plan(first->detail); plan.plan) out.emplace(plan.plan->route, id);
    }
    return out;
}

}  // namespace switchyard::control::rollout
