// A small file beside the database: a number that every generation ever committed is below.
//
// When the database is lost, damaged or replaced by an older copy, generations go on from here, and no number means two
//   configurations (docs/decisions/0005). Written kAhead numbers at a time, so that it costs one fsync in kAhead
//   changes.
// Invariants: reserve(n) has returned without a Problem ⇒ n < reserved(), also after kill -9 and power loss. A file
//   that is missing or cannot be read counts as 0: nothing is known.
// Threads: one, the control thread; blocks it for an fsync.
#pragma once

#include <cstdint>
#include <string>

#include "control/base/result.h"

namespace switchyard::control {

class GenerationLedger {
  public:
    static constexpr std::uint64_t kAhead = 100;

    explicit GenerationLedger(std::string path);

    std::uint64_t reserved() const { return reserved_; }
    Result<void> reserve(std::uint64_t number);

  private:
    const std::string path_;
    std::uint64_t reserved_ = 0;
};

}  // namespace switchyard::control
