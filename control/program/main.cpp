// The switchyard program: the only place that knows the data plane, control and the command line.
#include <fmt/format.h>

#include <csignal>

#include "control/cli/command_line.h"
#include "control/control.h"
#include "control/version.h"
#include "proxy/base/log.h"
#include "proxy/base/open_files.h"

namespace {

switchyard::control::upgrade::Order order_of(const switchyard::control::cli::RunOptions& options) {
    switchyard::control::upgrade::Order out;
    out.drain_within = options.drain_within.value_or(out.drain_within);
    out.probation = options.probation.value_or(out.probation);
    out.cut_oldest = options.cut_oldest;
    return out;
}

int run(const switchyard::control::cli::RunOptions& options) {
    // A client that goes away while it is written to is an error code, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    // So is a file that may not grow (RLIMIT_FSIZE): the change that needed it is refused, traffic goes on.
    std::signal(SIGXFSZ, SIG_IGN);
    const auto open_files = switchyard::raise_open_files();
    auto control =
        switchyard::control::Control::start({options.config_file, options.from_file, options.state_dir, options.above,
                                             options.overlays, options.takeover, order_of(options)});
    if (control) {
        switchyard::log_info("at most {} files and connections may be open at once (ulimit -Hn)", open_files);
        return (*control)->run();
    }
    const auto problem = control.error();
    fmt::print(stderr, "switchyard: {}\n", problem.detail);
    if (problem.errors.size() > 1)
        for (const auto& error : problem.errors)
            fmt::print(stderr, "  {}{}: {}\n", options.config_file, error.pointer, error.detail);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    return switchyard::control::cli::command_line(argc, argv, switchyard::control::kVersion, run);
}
