#include "control/core/judge.h"

#include <fmt/format.h>

#include <utility>

#include "config/check/diff.h"
#include "config/check/validate.h"
#include "config/fields/render.h"
#include "config/model/candidate.h"
#include "config/model/expression.h"
#include "control/core/operator_reach.h"
#include "control/edits/guard.h"

namespace switchyard::control {

Result<void> guard_says(const config::Model& in_force, const config::Model& next, const Facts& facts,
                        const Change& change) {
    auto safe = edits::guard(in_force, next, facts);
    if (safe) return {};
    auto problem = safe.error();
    if (change.file) problem.kind = kGuard;
    // A file that is read again has no caller to insist.
    const bool reload = change.file && change.verb == kReloadVerb;
    problem.detail += reload ? " (a reload has no force; switchyard apply has)" : edits::kForceHint;
    return problem;
}

Result<Judged> judge(const config::Model& in_force, const Facts& facts, const Change& change,
                     const std::function<Result<void>(const config::Model& next)>& held, const edits::LedTo& led_to) {
    auto edited = change.edit(in_force, facts);
    if (!edited) return edited.error();
    if (edited->process != in_force.process)
        return problems::conflict(
            "/process differs from the running one, and a change of it needs a restart; "
            "nothing was changed");
    // What an undo brings back says for itself who the candidate was.
    if (!change.restores) config::keep_candidates(in_force, *edited);
    if (*edited == in_force) return Judged{};
    if (change.role != config::Role::admin)
        if (const auto beyond = beyond_operator(in_force, *edited); !beyond.empty())
            return problems::forbidden(
                fmt::format("an operator moves traffic between what an admin has set up; this would also change: {}{}",
                            beyond.front(), beyond.size() > 1 ? fmt::format(" (and {} more)", beyond.size() - 1) : ""));
    if (held)
        if (auto free = held(*edited); !free) return free.error();
    if (auto errors = config::validate(*edited, config::Taken::in(in_force)); !errors.empty())
        return problems::invalid(std::move(errors));
    if (!change.force)
        if (auto safe = guard_says(in_force, *edited, facts, change); !safe) return safe.error();
    Judged judged;
    judged.changes = config::diff(in_force, *edited);
    judged.moves = edits::moves(in_force, *edited, led_to);
    judged.text = config::render_text(*edited);
    judged.model = std::make_shared<const config::Model>(std::move(*edited));
    return judged;
}

}  // namespace switchyard::control
