#include "control/cli/deploy/shell_command.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

namespace switchyard::control::cli::deploy {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenLooks{50};
constexpr std::chrono::seconds kToEnd{5};     // after SIGTERM
constexpr std::chrono::minutes kLongest{30};  // a command that hangs must not hold a route for ever

std::string how_it_ended(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status)) return fmt::format("ended with {}", WEXITSTATUS(status));
    return fmt::format("was ended by signal {}", WTERMSIG(status));
}

}  // namespace

std::string run_command(const std::string& command, const std::function<bool()>& look) {
    const pid_t child = ::fork();
    if (child < 0) return fmt::format("could not be started: {}", std::strerror(errno));
    if (child == 0) {
        ::setpgid(0, 0);
        ::signal(SIGINT, SIG_DFL);
        ::signal(SIGTERM, SIG_DFL);
        ::dup2(STDERR_FILENO, STDOUT_FILENO);
        ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    ::setpgid(child, child);  // on both sides: whichever comes first
    const auto begun = steady_clock::now();
    std::string stopped;
    steady_clock::time_point asked;
    while (true) {
        int status = 0;
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) return stopped.empty() ? how_it_ended(status) : stopped;
        if (ended < 0 && errno != EINTR) return fmt::format("was lost: {}", std::strerror(errno));
        if (stopped.empty()) {
            if (!look()) stopped = "was interrupted";
            if (steady_clock::now() - begun > kLongest) stopped = "did not end within 30 minutes";
            if (!stopped.empty()) ::kill(-child, SIGTERM), asked = steady_clock::now();
        } else if (steady_clock::now() - asked > kToEnd) {
            ::kill(-child, SIGKILL);
        }
        std::this_thread::sleep_for(kBetweenLooks);
    }
}

}  // namespace switchyard::control::cli::deploy
