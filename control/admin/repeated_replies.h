// Idempotency of the calls that answer no receipt (confirm, rollouts): the first answer to each key, so that a repeated
// call is answered again and done once. Of receipts, core/answers keeps the same, and the store what outlives a
// restart.
//
// Invariants: a key belongs to its caller; with another call it is refused, never answered with somebody else's answer.
//   Failures are not kept: nothing was done, and trying again is what the key is for.
// Threads: control; these calls are answered before the next one is looked at. Bounded: kKept, oldest forgotten first.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "control/admin/message.h"

namespace switchyard::control {

class RepeatedReplies {
  public:
    static constexpr std::size_t kKept = 1024;

    // The answer to give instead of doing it: the first one, or a refusal.
    std::optional<AdminReply> find(const AdminRequest& request) const;
    void keep(const AdminRequest& request, const AdminReply& reply);

  private:
    using Key = std::pair<std::string, std::string>;  // who, key
    struct Entry {
        std::string fingerprint;
        AdminReply reply;
    };
    std::map<Key, Entry> entries_;
    std::deque<Key> order_;
};

}  // namespace switchyard::control
