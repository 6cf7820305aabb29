// What becomes of the exchanges that a change leaves behind: options of the verbs that open a drain.
#pragma once

#include <string>

#include "control/cli/verb.h"

namespace switchyard::control::cli {

struct DrainOptions {
    std::string deadline, policy;

    // This object must outlive the parsing of the command line.
    void add_to(CLI::App& verb);
    // Adds them to a call's body, when any was given.
    void into(Json& body) const;
};

}  // namespace switchyard::control::cli
