#include "control/changes_since.h"

#include "config/check/diff.h"
#include "config/parse.h"
#include "control/edits/moves.h"

namespace switchyard::control {

std::vector<std::string> changes_since(const Generation& before, const config::Model& now) {
    const auto parsed = config::parse_stored(before.config);
    if (!parsed.model) return {"the configuration before it cannot be read any more"};
    auto lines = config::diff(*parsed.model, now);
    for (auto& line : edits::moves(*parsed.model, now)) lines.push_back(std::move(line));
    return lines;
}

}  // namespace switchyard::control
