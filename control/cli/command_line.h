// The whole command line: parses it and runs the verb that was chosen.
#pragma once

#include <functional>
#include <string>

namespace switchyard::control::cli {

struct RunOptions {
    std::string config_file;
    bool from_file = false;
};

// `run` is what the verb of that name does: the one verb that is the proxy itself. Returns the exit code: 0 done,
// 1 refused or failed, 2 usage.
int command_line(int argc, char** argv, const std::string& version, const std::function<int(const RunOptions&)>& run);

}  // namespace switchyard::control::cli
