#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "bench/yardbench/switching/switcher.h"

extern char** environ;

namespace yardbench {
namespace {

class CommandSwitcher : public Switcher {
  public:
    explicit CommandSwitcher(std::string command) : command_(std::move(command)) {}

    SwitchAnswer to(const std::string& colour) override {
        SwitchAnswer result{colour, 0, 0, 0, false, {}};
        std::string shell = "sh", flag = "-c", line = with_colour(command_, colour);
        char* const arguments[] = {shell.data(), flag.data(), line.data(), nullptr};
        result.asked = now();
        pid_t pid = 0;
        if (const int error = ::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, arguments, environ); error != 0) {
            result.detail = std::string("/bin/sh: ") + std::strerror(error);
            return result;
        }
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        result.answered = now();
        result.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!result.ok) result.detail = "'" + line + "' did not end with exit code 0";
        return result;
    }

  private:
    const std::string command_;
};

}  // namespace

std::unique_ptr<Switcher> command_switcher(const std::string& command) {
    return std::make_unique<CommandSwitcher>(command);
}

}  // namespace yardbench
