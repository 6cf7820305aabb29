#include "control/upgrade/child.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/descriptor.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace switchyard::control::upgrade {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(const std::string& binary, const std::vector<std::string>& arguments,
                                            const std::vector<std::string>& environment, int line) {
    auto words = arguments;
    words.insert(words.begin(), binary);
    std::vector<std::string> variables = environment;
    for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, line, kLineDescriptor);
    // All of ours are close-on-exec but those of a library that forgets it: none may reach into another process.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kLineDescriptor + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    auto child = std::make_unique<Child>();
    const int failed = ::posix_spawn(&child->pid_, binary.c_str(), &actions, &attributes, pointers_to(words).data(),
                                     pointers_to(variables).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed == 0) return child;
    return problems::invalid(fmt::format("{} cannot be started: {}", binary, std::strerror(failed)));
}

OtherProcess::End Child::end(std::chrono::milliseconds patience, std::chrono::milliseconds) {
    if (pid_ <= 0) return {};
    const auto pid = std::exchange(pid_, -1);
    if (const switchyard::net::Descriptor watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        watch.is_open() && patience.count() > 0) {
        pollfd one{watch.get(), POLLIN, 0};
        ::poll(&one, 1, static_cast<int>(patience.count()));
    }
    int status = 0;
    pid_t ended = ::waitpid(pid, &status, WNOHANG);
    const bool by_itself = ended == pid;
    if (!by_itself) {
        ::kill(pid, SIGKILL);
        do ended = ::waitpid(pid, &status, 0);
        while (ended < 0 && errno == EINTR);
    }
    if (ended != pid) return {};
    if (WIFEXITED(status)) return {fmt::format("it ended with exit code {}", WEXITSTATUS(status))};
    if (by_itself && WIFSIGNALED(status)) return {fmt::format("it was ended by signal {}", WTERMSIG(status))};
    return {"it was ended"};
}

}  // namespace switchyard::control::upgrade
