#include "control/rollout/runner/holders.h"

#include <sstream>
#include <vector>

#include "control/rollout/machine.h"
#include "control/rollout/parse_plan.h"
#include "control/rollout/record.h"

namespace switchyard::control::rollout {

std::map<std::string, HeldBy> holders(const std::map<std::string, std::string>& journals) {
    std::map<std::string, HeldBy> out;
    for (const auto& [id, text] : journals) {
        std::istringstream lines(text);
        std::vector<Record> records;
        for (std::string line; std::getline(lines, line);)
            if (auto record = parse_record(line)) records.push_back(std::move(*record));
        if (records.empty() || records.front().kind != Record::Kind::started) continue;
        auto plan = parse_plan(records.front().detail);
        if (!plan.plan) continue;
        Machine machine(std::move(*plan.plan));
        machine.restore(records, Monotonic{});
        if (machine.holds_route()) out.emplace(machine.plan().route, HeldBy{id, machine.plan().to});
    }
    return out;
}

}  // namespace switchyard::control::rollout
