// The coders of one worker: so many are lent at a time, and some are kept for the next answer.
//
// Threads: one worker. Owns: those that are not lent.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "proxy/compress/coder.h"

namespace switchyard::compress {

class CoderShelf {
  public:
    // Up to some 1 MB each (br and zstd; gzip has 268 KB): what slow clients, and streams that go on for hours, can
    // make a worker hold at most. Beyond it answers go as they are.
    static constexpr std::size_t kMostLent = 64;
    static constexpr std::size_t kMostKept = 8;

    // Null: as many are lent as may be, or there is no memory for one.
    std::unique_ptr<Coder> take(const Coder::Kind& kind);
    // Whatever has become of it.
    void give(std::unique_ptr<Coder> coder) noexcept;
    std::size_t lent() const { return lent_; }
    std::size_t kept() const { return kept_.size(); }

  private:
    std::vector<std::unique_ptr<Coder>> kept_;  // the one that was given last is behind
    std::size_t lent_ = 0;
};

}  // namespace switchyard::compress
