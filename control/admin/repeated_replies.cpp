#include "control/admin/repeated_replies.h"

#include "control/admin/change_call.h"
#include "control/core/answers.h"

namespace switchyard::control {

std::optional<AdminReply> RepeatedReplies::find(const AdminRequest& request) const {
    const auto it = entries_.find({request.who, request.header("idempotency-key")});
    if (it == entries_.end()) return std::nullopt;
    if (it->second.fingerprint == fingerprint_of(request)) return it->second.reply;
    return reply(Answers::other_call());
}

void RepeatedReplies::keep(const AdminRequest& request, const AdminReply& reply) {
    Key key{request.who, request.header("idempotency-key")};
    if (key.second.empty() || reply.status >= 300) return;
    if (!entries_.try_emplace(key, Entry{fingerprint_of(request), reply}).second) return;
    order_.push_back(std::move(key));
    if (order_.size() <= kKept) return;
    entries_.erase(order_.front());
    order_.pop_front();
}

}  // namespace switchyard::control
