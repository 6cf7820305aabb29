#include "proxy/route/block_draw.h"

#include <array>

namespace switchyard::route {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr unsigned kRounds = 4;
constexpr std::uint64_t kGolden = 0x9E37'79B9'7F4A'7C15, kMixA = 0xBF58'476D'1CE4'E5B9, kMixB = 0x94D0'49BB'1331'11EB;
// Draws take from one word what this leaves of it as a bias: 2^-20.
constexpr std::uint64_t kMostOutcomes = std::uint64_t{1} << 44;

std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * kMixA;
    z = (z ^ (z >> 27)) * kMixB;
    return z ^ (z >> 31);
}

std::uint64_t below(std::uint64_t bound, std::uint64_t word) {
    return static_cast<std::uint64_t>((static_cast<Wide>(word) * bound) >> 64);
}

bool fits_a_word(std::uint64_t period, std::uint64_t asked) {
    Wide outcomes = 1;
    for (std::uint64_t i = 0; i < asked && outcomes <= kMostOutcomes; ++i) outcomes *= period - i;
    return outcomes <= kMostOutcomes;
}

}  // namespace

BlockDraw::BlockDraw(std::uint64_t period, std::uint64_t asked)
    : period_(period), asked_(asked), draws_(asked <= kMostDrawn && fits_a_word(period, asked)) {
    while ((std::uint64_t{1} << (low_bits_ + high_bits_)) < period_)
        ++(low_bits_ > high_bits_ ? high_bits_ : low_bits_);
}

std::uint64_t BlockDraw::place(std::uint64_t salt, std::uint64_t position) const {
    const std::uint64_t block = position / period_, offset = position % period_;
    const std::uint64_t key = mixed(salt + (block + 1) * kGolden);
    return draws_ ? drawn(key, offset) : permuted(key, offset);
}

// Place by place, each one's offset among those that are left.
std::uint64_t BlockDraw::drawn(std::uint64_t key, std::uint64_t offset) const {
    std::array<std::uint64_t, kMostDrawn> taken;  // ascending
    for (std::uint64_t i = 0; i < asked_; ++i) {
        const Wide word = static_cast<Wide>(key) * (period_ - i);
        key = static_cast<std::uint64_t>(word);
        auto found = static_cast<std::uint64_t>(word >> 64);
        std::uint64_t before = 0;
        for (; before < i && found >= taken[before]; ++before) ++found;
        if (found == offset) return i;
        for (std::uint64_t k = i; k > before; --k) taken[k] = taken[k - 1];
        taken[before] = found;
    }
    return asked_;
}

// Apart, so that the usual way saves no registers for it.
[[gnu::noinline]] std::uint64_t BlockDraw::permuted(std::uint64_t key, std::uint64_t offset) const {
    std::array<std::uint64_t, kRounds> keys;
    for (unsigned round = 0; round < kRounds; ++round) keys[round] = mixed(key + (round + 1) * kGolden);
    const auto draw = [&](unsigned round, std::uint64_t half, unsigned bits) {
        std::uint64_t word = (half + keys[round]) * kMixA;
        word = (word ^ (word >> 32)) * kMixB;
        return word >> (64 - bits);
    };
    std::uint64_t place = offset;
    do {
        std::uint64_t low = place & ((std::uint64_t{1} << low_bits_) - 1), high = place >> low_bits_;
        for (unsigned round = 0; round < kRounds; round += 2) {
            high ^= draw(round, low, high_bits_);
            low ^= draw(round + 1, high, low_bits_);
        }
        place = high << low_bits_ | low;
    } while (place >= period_);
    place += below(period_, mixed(key));
    return place < period_ ? place : place - period_;
}

}  // namespace switchyard::route
