// A small file beside the database, mapped by every process that uses it: change counters and the writers' turnstile.
//
// Change counters say what may have changed since something was cached: one for the lists, one for what only a search
// shows, and one per group of posts (by their public id). A process that committed a change raises them before it
// acknowledges the change, so a cached copy that carries an older count is never shown after the acknowledgement – in
// any process. Reading one is one atomic load.
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

namespace forum {

class SideFile {
  public:
    explicit SideFile(const std::string& database_file);
    ~SideFile();
    SideFile(const SideFile&) = delete;
    SideFile& operator=(const SideFile&) = delete;

    // Random, made when the file was made: tells counts of one life of the file from those of another.
    std::uint64_t life() const;
    std::uint64_t lists() const;
    // Counts what changes the answer of a search: every change of a list, and the index catching up.
    std::uint64_t searches() const;
    std::uint64_t post(std::string_view public_id) const;

    void raise_lists();
    void raise_searches();
    void raise_post(std::string_view public_id);

    void enter_turnstile();
    void leave_turnstile();

  private:
    std::atomic<std::uint64_t>& slot(std::size_t index) const;
    static std::size_t post_slot(std::string_view public_id);
    void lock(int range, short type) const;

    int descriptor_ = -1;
    void* mapping_ = nullptr;
};

}  // namespace forum
