// How many of something each key has under way – connections of a client, requests of a key –, shared by all workers:
// N workers do not give N times the limit.
//
// A slot is one word: the high bits of the key and its count; taking a place is one compare-and-swap. The table has a
//   fixed number of slots in sets of eight. A slot whose count has come down to nothing is free, so nothing is ever
//   forgotten that is under way.
// Exactness: two workers that meet a new key at the same moment may count it in two slots; then it has twice its limit
//   until one of them is empty. Where all slots of a set are taken by other keys the newcomer is not counted and
//   passes: what has nothing under way is no culprit. Keys are 64-bit hashes, of which 40 bits and the set are
//   compared.
// Threads: all workers at once; atomics only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace switchyard::route {

class KeyCounts {
  public:
    // Keys with something under way at once: 512 KiB.
    static constexpr std::size_t kKeys = 65536;

    explicit KeyCounts(std::uint64_t seed, std::size_t keys = kKeys);

    // What a key has of its limit; given back once, at the latest when this ends. The table outlives it.
    class Place {
      public:
        Place() = default;
        Place(Place&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
        Place& operator=(Place&& other) noexcept {
            std::swap(slot_, other.slot_);
            return *this;
        }
        ~Place() { give_back(); }
        void give_back() {
            if (auto* const slot = std::exchange(slot_, nullptr)) slot->fetch_sub(1, std::memory_order_relaxed);
        }

      private:
        friend class KeyCounts;
        std::atomic<std::uint64_t>* slot_ = nullptr;
    };

    // False: the key has `most` already.
    bool enter(std::uint64_t key, std::uint32_t most, Place& into);
    // What it has now.
    std::uint32_t count(std::uint64_t key) const;
    // Makes keys that no client can aim at each other's sets.
    std::uint64_t seed() const { return seed_; }

  private:
    static constexpr std::size_t kWays = 8;
    struct alignas(64) Set {
        std::atomic<std::uint64_t> slots[kWays]{};
    };

    const std::uint64_t seed_;
    const std::size_t sets_;
    std::unique_ptr<Set[]> table_;
};

}  // namespace switchyard::route
