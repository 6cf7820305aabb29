// Idempotency of the calls that make no generation (confirm, rollouts): the first answer to each key is kept in the
// store, so that a repeated call is answered again and done once, also after a restart. core/answers does it for
// changes.
//
// Invariants: an answer is durable before it is given. A key belongs to its caller; with another call it is refused,
//   never answered with another caller's answer. Who repeats a call that is under way gets its answer. Failures are not
//   kept: nothing was done, and trying again is what the key is for.
// Threads: control. Bounded by the calls that are under way.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/admin/call/message.h"
#include "control/store/store.h"
#include "control/store/store_writer.h"

namespace switchyard::control {

class RepeatedReplies {
  public:
    RepeatedReplies(Store& store, StoreWriter& writer) : store_(store), writer_(writer) {}

    // True: it was answered, or will be with the first one, and is not to be done. Else `respond` is what the answer
    // is to be given to.
    bool answered_before(const AdminRequest& request, Respond& respond);

  private:
    using Key = std::pair<std::string, std::string>;  // caller, key
    struct UnderWay {
        std::string fingerprint;
        std::vector<Respond> joined;
    };

    std::optional<AdminReply> first_reply(const Key& key, const std::string& fingerprint);
    void keep(const Key& key, const std::string& fingerprint, AdminReply reply, const Respond& first);
    void end(const Key& key, const AdminReply& reply, const Respond& first);

    Store& store_;
    StoreWriter& writer_;
    std::map<Key, UnderWay> under_way_;
};

}  // namespace switchyard::control
