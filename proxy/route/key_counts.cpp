#include "proxy/route/key_counts.h"

#include <algorithm>

namespace switchyard::route {
namespace {

constexpr unsigned kCountBits = 24;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
constexpr int kTurns = 4;  // other workers may be faster that often; then the newcomer passes

std::uint64_t tag_of(std::uint64_t key) {
    return key & ~kCountMask;
}
std::uint32_t count_in(std::uint64_t slot) {
    return static_cast<std::uint32_t>(slot & kCountMask);
}

}  // namespace

KeyCounts::KeyCounts(std::uint64_t seed, std::size_t keys)
    : seed_(seed), sets_(std::max<std::size_t>(1, keys / kWays)), table_(std::make_unique<Set[]>(sets_)) {}

bool KeyCounts::enter(std::uint64_t key, std::uint32_t most, Place& into) {
    const std::uint64_t tag = tag_of(key);
    Set& set = table_[key % sets_];
    for (int turn = 0; turn < kTurns; ++turn) {
        std::atomic<std::uint64_t>* chosen = nullptr;
        std::uint64_t seen = 0;
        for (auto& slot : set.slots) {
            const std::uint64_t value = slot.load(std::memory_order_relaxed);
            const bool free = count_in(value) == 0;
            if (!free && tag_of(value) != tag) continue;
            if (free && chosen != nullptr) continue;
            chosen = &slot, seen = value;
            if (!free) break;
        }
        if (chosen == nullptr) return true;
        if (count_in(seen) >= most) return false;
        if (!chosen->compare_exchange_strong(seen, (count_in(seen) == 0 ? tag : seen) + 1, std::memory_order_relaxed))
            continue;
        into.give_back();
        into.slot_ = chosen;
        return true;
    }
    return true;
}

std::uint32_t KeyCounts::count(std::uint64_t key) const {
    for (const auto& slot : table_[key % sets_].slots)
        if (const auto value = slot.load(std::memory_order_relaxed);
            count_in(value) != 0 && tag_of(value) == tag_of(key))
            return count_in(value);
    return 0;
}

}  // namespace switchyard::route
