// Who routes by what: the newest generation that each worker has said to have adopted.
//
// Invariants: a worker's generation never goes back. everywhere(g) once true stays true, and from then on no exchange
//   can start by anything older than g: that is what a 200 rests on.
// Beside the workers others may have to adopt: a process that still serves what came to it before this one (joined()).
// Pure. Threads: control.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace switchyard::control {

class Adoption {
  public:
    explicit Adoption(unsigned workers) : adopted_(workers, 0) {}

    void adopted(unsigned worker, std::uint64_t generation) {
        adopted_.at(worker) = std::max(adopted_.at(worker), generation);
    }
    bool everywhere(std::uint64_t generation) const {
        return std::all_of(adopted_.begin(), adopted_.end(), [&](auto g) { return g >= generation; });
    }
    std::vector<unsigned> behind(std::uint64_t generation) const {
        std::vector<unsigned> out;
        for (unsigned w = 0; w < adopted_.size(); ++w)
            if (adopted_[w] < generation) out.push_back(w);
        return out;
    }
    bool by(unsigned worker, std::uint64_t generation) const { return adopted_.at(worker) >= generation; }
    // One more, which has adopted this already; it is numbered behind the workers.
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
    std::vector<std::uint64_t> adopted_;
};

}  // namespace switchyard::control
