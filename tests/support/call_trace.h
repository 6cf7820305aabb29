// The system calls that a piece of code makes, as the kernel sees them: the code runs in a child process that is traced
// (ptrace), so that no call is missed, whatever makes it.
//
// Threads: the calling one; the process must have no other.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::test {

struct SystemCall {
    long number;
    std::size_t pieces = 0;  // of sendmsg: what it gathers
    bool looks = false;      // of recvfrom: takes nothing
    bool waits = false;      // of sendto: goes with what follows

    bool operator==(const SystemCall&) const = default;
};
std::string name_of(const SystemCall& call);

// What the child may say.
class Watch {
  public:
    // Calls count from here; no more.
    void begin() const;
    void end() const;
};

// The calls between begin() and end(), in order. nullopt: tracing is not allowed here. Throws when the story did.
std::optional<std::vector<SystemCall>> system_calls_of(const std::function<void(const Watch&)>& story);

}  // namespace switchyard::test
