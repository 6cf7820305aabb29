#include "control/watch/check_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace switchyard::control {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

// How a process begins: what it has of descriptors, signals, folder and group.
struct Beginning {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    Beginning() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addchdir_np(&actions, "/");
        // All of ours are close-on-exec but those of a library that forgets it.
        ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~Beginning() {
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    Beginning(const Beginning&) = delete;
    Beginning& operator=(const Beginning&) = delete;
};

}  // namespace

CheckProcess CheckProcess::start(const CheckProgram& program) {
    CheckProcess out;
    // Both hold for this thread and what it starts. Without them a program would have our right to low ports, and a
    // set-uid one its owner's.
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        out.error_ = errno;
        return out;
    }
    auto words = program.words, environment = program.environment;
    const Beginning beginning;
    pid_t pid = -1;
    out.error_ = ::posix_spawn(&pid, words.front().c_str(), &beginning.actions, &beginning.attributes,
                               pointers_to(words).data(), pointers_to(environment).data());
    if (out.error_ != 0) return out;
    out.pid_ = pid;
    out.watch_ = switchyard::net::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (out.watch_.is_open()) return out;
    out.error_ = errno;
    out.kill();
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;  // this thread may wait
    out.pid_ = -1;
    return out;
}

void CheckProcess::kill() const {
    if (is_started()) ::kill(-pid_, SIGKILL);
}

int CheckProcess::reap() {
    if (!is_started()) return -1;
    kill();  // while its number is still its own
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return -1;
    pid_ = -1;
    return status;
}

CheckProcess::~CheckProcess() {
    // What has not died by then is left to init: only the end of this process ends one of these before its time.
    if (is_started()) reap();
}

}  // namespace switchyard::control
