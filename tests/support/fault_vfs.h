// An SQLite file system in which the Nth operation that changes a file fails, or is the last thing the process does.
//
// Wraps the system's own one; writes, syncs, truncations and deletions are counted over all files.
// Threads: one. Registered once per process under kName.
#pragma once

#include <cstdint>

namespace fault_vfs {

inline constexpr const char* kName = "fault";

enum class Mode {
    off,            // count only
    fail_once,      // the Nth operation fails, later ones work again
    fail_for_ever,  // the Nth and all later ones fail: a disk that stays full
    die,            // the process is killed instead of doing the Nth operation
};

void install();
// From now on counts from 1.
void arm(Mode mode, std::uint64_t nth);
std::uint64_t operations();

}  // namespace fault_vfs
