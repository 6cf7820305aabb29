// Counters that say what may have changed since something was cached: one for the lists, one for what only a search
// shows, and one per group of posts (by their public id). A process that committed a change has raised them before it
// acknowledges the change, so a cached copy that carries an older count is never shown after the acknowledgement – in
// any process.
//
// Threads: any. Errors: StoreError where reading one asks a server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forum {

// What the changes of one transaction made stale.
struct Touched {
    bool lists = false;
    bool searches = false;           // and no list
    std::vector<std::string> posts;  // public ids
};

class ChangeSignals {
  public:
    virtual ~ChangeSignals() = default;

    // Random, made with the counters: tells counts of one life of theirs from those of another.
    virtual std::uint64_t life() const = 0;
    virtual std::uint64_t lists() const = 0;
    // Counts what changes the answer of a search: every change of a list, and the index catching up.
    virtual std::uint64_t searches() const = 0;
    virtual std::uint64_t post(std::string_view public_id) const = 0;
};

// Posts that share a counter are read again when any of them changes; 4096 keep that rare and all counters small.
constexpr std::size_t kPostCounters = 4'096;

// FNV-1a, because every process and every release must come to the same counter.
constexpr std::size_t post_counter(std::string_view public_id) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;
    for (const char c : public_id) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    return static_cast<std::size_t>(hash % kPostCounters);
}

}  // namespace forum
