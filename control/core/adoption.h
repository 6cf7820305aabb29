// Who routes by what: the newest generation that each worker has said to have adopted.
//
// Invariants: a worker's generation never goes back. everywhere(g) once true stays true, and from then on no exchange
//   can start by anything older than g: that is what a 200 rests on.
// Beside the workers others may have to adopt: a process that still serves what came to it before this one (joined()).
// Pure. Threads: control.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace switchyard::control {

class Adoption {
  public:
    explicit Adoption(unsigned workers) : own_(workers), adopted_(workers, 0) {}

    void adopted(unsigned worker, std::uint64_t generation) {
        adopted_.at(worker) = std::max(adopted_.at(worker), generation);
    }
    bool everywhere(std::uint64_t generation) const {
        return std::all_of(adopted_.begin(), adopted_.end(), [&](auto g) { return g >= generation; });
    }
    // The same of the workers alone.
    bool here(std::uint64_t generation) const {
        return std::all_of(adopted_.begin(), adopted_.begin() + own_, [&](auto g) { return g >= generation; });
    }
    // What the slowest of the workers goes by.
    std::uint64_t lowest_here() const { return *std::min_element(adopted_.begin(), adopted_.begin() + own_); }
    std::vector<unsigned> behind(std::uint64_t generation) const {
        std::vector<unsigned> out;
        for (unsigned w = 0; w < adopted_.size(); ++w)
            if (adopted_[w] < generation) out.push_back(w);
        return out;
    }
    bool by(unsigned worker, std::uint64_t generation) const { return adopted_.at(worker) >= generation; }
    // One more, which goes by this: by something older than what is in force, where it is behind. It is numbered behind
    // the workers.
    unsigned joined(std::uint64_t generation) {
        adopted_.push_back(generation);
        return static_cast<unsigned>(adopted_.size() - 1);
    }
    // It routes nothing any more.
    void left(unsigned number) { adopted_.at(number) = UINT64_MAX; }
    // Those that are there.
    unsigned count() const {
        return static_cast<unsigned>(
            std::count_if(adopted_.begin(), adopted_.end(), [](auto g) { return g != UINT64_MAX; }));
    }
    unsigned workers() const { return static_cast<unsigned>(adopted_.size()); }
    std::uint64_t generation_of(unsigned worker) const { return adopted_.at(worker); }

  private:
    const std::ptrdiff_t own_;
    std::vector<std::uint64_t> adopted_;
};

}  // namespace switchyard::control
