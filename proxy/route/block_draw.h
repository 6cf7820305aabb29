// The order inside a block: a permutation of [0, period) that only who knows the salt can foretell.
//
// Who asks only for the first few places has them drawn one after the other: every choice is as likely as every other,
//   and one of a hundred costs one multiplication. Where they are many, the offset goes through a Feistel network of
//   four rounds over the next power of two; places beyond the period are walked on until one lies inside (at most two
//   walks on average), and a turn by a drawn distance makes every offset's place uniform. Each block has a key of its
//   own.
// Pure, constant in space. Sources: Brackett-Rozinsky and Lemire 2024 (many bounded draws out of one word); Luby and
// Rackoff 1988 (four rounds); Black and Rogaway 2002 (cycle walking); Steele, Lea and Flood 2014 (splitmix64).
#pragma once

#include <cstdint>

namespace switchyard::route {

class BlockDraw {
  public:
    static constexpr std::uint64_t kMostDrawn = 8;  // beyond it the network is cheaper

    BlockDraw() = default;
    // `asked`: how many of the first places are told apart.
    BlockDraw(std::uint64_t period, std::uint64_t asked);

    std::uint64_t period() const { return period_; }
    // Which place the request at `position` gets in its block of `period` requests; `asked` or more: a later one.
    std::uint64_t place(std::uint64_t salt, std::uint64_t position) const;

  private:
    std::uint64_t drawn(std::uint64_t key, std::uint64_t offset) const;
    std::uint64_t permuted(std::uint64_t key, std::uint64_t offset) const;

    std::uint64_t period_ = 1, asked_ = 0;
    bool draws_ = true;
    unsigned low_bits_ = 1, high_bits_ = 1;  // of the network's two halves
};

}  // namespace switchyard::route
