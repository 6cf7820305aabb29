// The whole command line: parses it and runs the verb that was chosen.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::control::cli {

struct RunOptions {
    std::string config_file;
    bool from_file = false;
    std::optional<std::string> state_dir;
    std::uint64_t above = 0;
    std::vector<std::string> overlays;
    std::string takeover;                                              // see Control::Options
    std::optional<std::chrono::milliseconds> drain_within, probation;  // of a takeover; nothing: as usual
    bool cut_oldest = false;
};

// `run` is what the verb of that name does: the one verb that is the proxy itself. Returns the exit code (exit_code.h).
int command_line(int argc, char** argv, const std::string& version, const std::function<int(const RunOptions&)>& run);

}  // namespace switchyard::control::cli
