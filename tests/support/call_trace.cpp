#include "tests/support/call_trace.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace switchyard::test {
namespace {

// Calls that do nothing here, with arguments that no other code uses.
constexpr long kBegin = -0x5eed01, kEnd = -0x5eed02;
constexpr int kNotAllowed = 77, kThrew = 78;

[[noreturn]] void run_traced(const std::function<void(const Watch&)>& story) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(kNotAllowed);
    ::raise(SIGSTOP);
    try {
        story(Watch());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "the traced story threw: %s\n", error.what());
        ::_exit(kThrew);
    }
    ::_exit(0);  // what the parent has begun is the parent's to end
}

std::size_t pieces_of(pid_t child, std::uint64_t message) {
    errno = 0;
    const long count = ::ptrace(PTRACE_PEEKDATA, child, message + offsetof(msghdr, msg_iovlen), nullptr);
    if (errno != 0) throw std::runtime_error("a message of the traced story cannot be read");
    return static_cast<std::size_t>(count);
}

}  // namespace

std::string name_of(const SystemCall& call) {
    switch (call.number) {
        case SYS_recvfrom:
            return call.looks ? "look" : "recvfrom";
        case SYS_sendto:
            return call.waits ? "sendto with the next" : "sendto";
        case SYS_sendmsg:
            return "sendmsg of " + std::to_string(call.pieces);
        default:
            return "call " + std::to_string(call.number);
    }
}

void Watch::begin() const {
    ::syscall(SYS_getpgid, kBegin);
}
void Watch::end() const {
    ::syscall(SYS_getpgid, kEnd);
}

std::optional<std::vector<SystemCall>> system_calls_of(const std::function<void(const Watch&)>& story) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) run_traced(story);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) return std::nullopt;
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    std::vector<SystemCall> out;
    bool watched = false;
    long signal = 0;
    for (;;) {
        if (::ptrace(PTRACE_SYSCALL, child, nullptr, signal) != 0 || ::waitpid(child, &status, 0) != child)
            throw std::runtime_error("the traced story is lost");
        if (WIFSIGNALED(status)) throw std::runtime_error("the traced story was killed");
        if (WIFEXITED(status)) break;
        signal = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        if (signal != 0) continue;
        __ptrace_syscall_info info{};
        ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY) continue;
        const auto number = static_cast<long>(info.entry.nr);
        const auto argument = static_cast<long>(info.entry.args[0]);
        if (number == SYS_getpgid && (argument == kBegin || argument == kEnd))
            watched = argument == kBegin;
        else if (watched)
            out.push_back({number, number == SYS_sendmsg ? pieces_of(child, info.entry.args[1]) : 0,
                           number == SYS_recvfrom && (info.entry.args[3] & MSG_PEEK) != 0,
                           number == SYS_sendto && (info.entry.args[3] & MSG_MORE) != 0});
    }
    if (WEXITSTATUS(status) != 0) throw std::runtime_error("the traced story failed");
    return out;
}

}  // namespace switchyard::test
