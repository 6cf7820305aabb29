#include "control/cli/drain_options.h"

#include "control/cli/duration_option.h"

namespace switchyard::control::cli {

void DrainOptions::add_to(CLI::App& verb) {
    auto* when = verb.add_option("--drain-deadline", deadline, "how long what is in flight may take to finish (30s)")
                     ->check(duration_option());
    verb.add_option("--drain-policy", policy, "what is done at the deadline: leave it (the default) or cut it")
        ->check(CLI::IsMember({"leave", "cut"}))
        ->needs(when);
}

void DrainOptions::into(Json& body) const {
    if (deadline.empty()) return;
    body["drain"]["deadline"] = deadline;
    if (!policy.empty()) body["drain"]["policy"] = policy;
}

}  // namespace switchyard::control::cli
