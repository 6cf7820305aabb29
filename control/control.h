// The control side of the running process: everything that decides, wired to the workers that route.
//
// Life: start() reads the file and the state directory, merges them (docs/state.md), compiles the first generation and
//   starts the workers;
//   run() serves the admin API, health checks and signals until SIGTERM or SIGINT, then drains the workers for at
//   most process.shutdown_grace and returns. SIGHUP re-reads the file; a bad or conflicting one changes nothing and is
//   reported. SIGUSR2 starts the process that takes this one's place.
// Threads: one, the caller's; the workers are threads of the WorkerPool.
// Owns: the io_context and all of control.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/text/error.h"
#include "control/base/result.h"
#include "control/upgrade/order.h"

namespace switchyard::control {

class Control {
  public:
    struct Options {
        std::string config_file;
        bool from_file = false;                  // the file alone counts, and what was changed at run time is dropped
        std::optional<std::string> state_dir;    // in place of the file's process.state_dir
        std::uint64_t above = 0;                 // generations get numbers above this one: of a restored state
        std::vector<std::string> overlays = {};  // laid over the file, in this order (RFC 7396)
        // Of the process whose place it takes (docs/operations.md): the number of a descriptor, a line to it; or the
        // path of its upgrade socket, where `upgrade` is asked of it. Empty: of none.
        std::string takeover = {};
        upgrade::Order upgrade = {};
    };

    static Result<std::unique_ptr<Control>> start(Options options);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // Where the admin API listens: http://127.0.0.1:9900
    std::string admin_url() const;
    // Blocks until the process is told to end; the exit code.
    int run();

  private:
    struct Members;
    explicit Control(std::unique_ptr<Members> members);
    std::unique_ptr<Members> members_;
};

}  // namespace switchyard::control
