// Requests that the running program has served lately, each with what it does with such a one: asked of the program
// that is to take its place, which must do the same.
//
// Compared is what follows from request and configuration (explain_decision): the answers do not depend on the moment.
// Pure. Threads: plain values. Errors: the first request that is answered otherwise is named, with both answers.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

#include "control/admin/explain/explain.h"
#include "control/base/result.h"
#include "proxy/base/recent_request.h"

namespace switchyard::control {

inline constexpr std::size_t kMostQuestions = 20;

// `by_worker`: of each the newest first; all have their turn. A request that cannot be asked about is passed over.
nlohmann::ordered_json questions_of(const Snapshot& snapshot, const std::vector<std::vector<RecentRequest>>& by_worker,
                                    const Moment& now);
// How many were asked.
Result<std::size_t> answer_alike(const Snapshot& snapshot, const nlohmann::ordered_json& questions, const Moment& now);

}  // namespace switchyard::control
