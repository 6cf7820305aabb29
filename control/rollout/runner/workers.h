// What a rollout asks of the workers: what they have counted, what they have adopted, and what they are to note.
//
// Threads: control; the workers are told by messages and nothing here waits for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/base/mark_notes.h"

namespace switchyard::control::rollout {

class Workers {
  public:
    virtual ~Workers() = default;
    virtual unsigned count() const = 0;
    // Asks every one for what it has counted until now.
    virtual void collect() = 0;
    // Whether every one routes by that generation or a later one.
    virtual bool adopted(std::uint64_t generation) const = 0;
    // They note where the marks of a route come from, and what is slow; nothing: they do not.
    virtual void note_marks(const std::string& route, const std::optional<MarkLimits>& limits) = 0;
};

}  // namespace switchyard::control::rollout
