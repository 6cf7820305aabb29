#include "control/admin/repeated_replies.h"

#include <algorithm>

#include "control/admin/change_call.h"
#include "control/core/answers.h"
#include "proxy/base/log.h"

namespace switchyard::control {

namespace {

constexpr const char* kLocation = "Location";

std::string location_of(const AdminReply& reply) {
    const auto it = std::ranges::find(reply.headers, kLocation, &std::pair<std::string, std::string>::first);
    return it == reply.headers.end() ? std::string{} : it->second;
}

}  // namespace

std::optional<AdminReply> first_reply(Store& store, const AdminRequest& request) {
    const auto key = request.header("idempotency-key");
    if (key.empty()) return std::nullopt;
    const auto kept = store.kept_reply(request.who, key);
    if (!kept) return reply(kept.error());
    if (!*kept) return std::nullopt;
    if ((*kept)->fingerprint != fingerprint_of(request)) return reply(Answers::other_call());
    AdminReply out;
    out.status = (*kept)->status;
    out.body = (*kept)->body;
    if (!(*kept)->location.empty()) out.headers.emplace_back(kLocation, (*kept)->location);
    return out;
}

void keep_reply(Store& store, const AdminRequest& request, const AdminReply& reply) {
    const auto key = request.header("idempotency-key");
    if (key.empty() || reply.status >= 300) return;
    // What was done is done: the caller hears of it, and a repetition is refused by the state that it has made.
    const auto kept =
        store.keep_reply({key, request.who, fingerprint_of(request), reply.status, location_of(reply), reply.body});
    if (!kept) log_error("the answer to Idempotency-Key {} was not kept: {}", key, kept.error().detail);
}

}  // namespace switchyard::control
