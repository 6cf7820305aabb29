// Change counters (change_signals.h) in a small file that every process on one machine maps: reading one is one atomic
// load. And the turnstile of their writers.
//
// The turnstile lets the writers of several processes take turns. SQLite alone makes a waiting writer poll with growing
// pauses, so a busy process could starve the others; here a writer that has just finished queues behind the one that
// waits. The operating system releases the locks of a process that dies.
//
// Threads: counters from any; the turnstile from the one writer thread of a process.
// Errors: std::runtime_error when the file cannot be opened or mapped.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "forum/store/engine/change_signals.h"

namespace forum {

class SideFile final : public ChangeSignals {
  public:
    explicit SideFile(const std::string& database_file);
    ~SideFile() override;
    SideFile(const SideFile&) = delete;
    SideFile& operator=(const SideFile&) = delete;

    std::uint64_t life() const override;
    std::uint64_t lists() const override;
    std::uint64_t searches() const override;
    std::uint64_t post(std::string_view public_id) const override;

    void raise(const Touched& touched);

    void enter_turnstile();
    void leave_turnstile();

  private:
    std::atomic<std::uint64_t>& slot(std::size_t index) const;
    void lock(int range, short type) const;

    int descriptor_ = -1;
    void* mapping_ = nullptr;
};

}  // namespace forum
