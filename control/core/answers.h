// Idempotency: the first answer to each key, so that a repeated call is answered again and done once.
//
// Invariants: a key belongs to its caller; with another fingerprint it is refused, never answered with another
//   call's receipt. Refusals and failures are not kept: nothing was done, and trying again is what the key is for.
// Threads: control. Bounded: kKept answers, oldest forgotten first; what must survive longer or a restart is in the
//   store.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/core/change.h"

namespace switchyard::control {

class Answers {
  public:
    static constexpr std::size_t kKept = 1024;

    // 422: the key was used for another call.
    static Problem other_call();

    enum class Found : std::uint8_t { nothing, answered, in_progress, other_call };
    struct Lookup {
        Found found = Found::nothing;
        const Answer* answer = nullptr;
    };

    Lookup find(const std::string& who, const std::string& key, const std::string& fingerprint) const;
    void begin(const std::string& who, const std::string& key, const std::string& fingerprint);
    // Another caller of the same call while it is in progress gets the same answer.
    void join(const std::string& who, const std::string& key, Answered done);
    // Keeps the answer and gives back those that joined.
    std::vector<Answered> end(const std::string& who, const std::string& key, const Answer& answer);

  private:
    using Key = std::pair<std::string, std::string>;
    struct Entry {
        std::string fingerprint;
        std::optional<Answer> answer;
        std::vector<Answered> joined;
    };
    std::map<Key, Entry> entries_;
    std::deque<Key> order_;
};

}  // namespace switchyard::control
