// Who writes to the store: everything that must become durable is given here, in order, and said to be so later.
//
// Invariants: writes are done one after the other in the order in which they were given; `done` is called once, on
//   control's thread, after the write has ended – or never, when the process ends first. It may be called before
//   write() returns (a test's writer) or long after (a disk that hangs).
// Threads: control calls; where the writes run is the implementation's affair. `write` runs there: it owns what it
//   needs and touches nothing of control.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "control/base/result.h"

namespace switchyard::control {

class Store;

class StoreWriter {
  public:
    using Write = std::function<Result<void>(Store&)>;
    using Done = std::function<void(Result<void>)>;

    // For people: what is held up.
    struct Sight {
        std::optional<std::chrono::steady_clock::duration> under_way;  // how long the present write has taken until now
        std::size_t waiting = 0;                                       // writes behind it
    };

    virtual ~StoreWriter() = default;
    virtual void write(Write write, Done done) = 0;
    virtual Sight sight() const { return {}; }
};

}  // namespace switchyard::control
