#include "control/admin/call/repeated_replies.h"

#include <algorithm>

#include "control/admin/call/change_call.h"
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

bool RepeatedReplies::answered_before(const AdminRequest& request, Respond& respond) {
    const Key key{request.who, request.header("idempotency-key")};
    if (key.second.empty()) {
        // Behind all that the call has given to the disk.
        respond = [this, first = std::move(respond)](AdminReply given) {
            if (given.status >= 300) return first(std::move(given));
            writer_.write([](Store&) { return Result<void>(); },
                          [first, given = std::move(given)](const Result<void>&) { first(given); });
        };
        return false;
    }
    const auto fingerprint = fingerprint_of(request);
    if (const auto it = under_way_.find(key); it != under_way_.end()) {
        if (it->second.fingerprint == fingerprint)
            it->second.joined.push_back(std::move(respond));
        else
            respond(reply(Answers::other_call()));
        return true;
    }
    if (auto first = first_reply(key, fingerprint)) return respond(std::move(*first)), true;
    under_way_[key].fingerprint = fingerprint;
    respond = [this, key, fingerprint, first = std::move(respond)](AdminReply given) {
        keep(key, fingerprint, std::move(given), first);
    };
    return false;
}

std::optional<AdminReply> RepeatedReplies::first_reply(const Key& key, const std::string& fingerprint) {
    const auto kept = store_.kept_reply(key.first, key.second);
    if (!kept) return reply(kept.error());
    if (!*kept) return std::nullopt;
    if ((*kept)->fingerprint != fingerprint) return reply(Answers::other_call());
    AdminReply out;
    out.status = (*kept)->status;
    out.body = (*kept)->body;
    if (!(*kept)->location.empty()) out.headers.emplace_back(kLocation, (*kept)->location);
    return out;
}

void RepeatedReplies::keep(const Key& key, const std::string& fingerprint, AdminReply given, const Respond& first) {
    if (given.status >= 300) return end(key, given, first);
    const KeptReply row{key.second, key.first, fingerprint, given.status, location_of(given), given.body};
    writer_.write([row](Store& store) { return store.keep_reply(row); },
                  [this, key, given = std::move(given), first](const Result<void>& kept) {
                      // What was done is done: the caller hears of it, and a repetition is refused by the state that it
                      // has made.
                      if (!kept)
                          log_error("the answer to Idempotency-Key {} was not kept: {}", key.second,
                                    kept.error().detail);
                      end(key, given, first);
                  });
}

void RepeatedReplies::end(const Key& key, const AdminReply& given, const Respond& first) {
    const auto node = under_way_.extract(key);
    first(given);
    if (node)
        for (const auto& other : node.mapped().joined) other(given);
}

}  // namespace switchyard::control
