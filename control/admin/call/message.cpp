#include "control/admin/call/message.h"

#include <nlohmann/json.hpp>

namespace switchyard::control {
namespace {

// Seconds; a disk that hangs is looked at by its own clock, and a shorter wait only adds to the queue.
constexpr const char* kBusyRetry = "1";

std::string text(const nlohmann::ordered_json& body) {
    return body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

AdminReply reply(const nlohmann::ordered_json& body, unsigned status) {
    AdminReply out;
    out.status = status;
    out.body = text(body);
    return out;
}

AdminReply reply(const Problem& problem) {
    AdminReply out;
    out.status = problem.status;
    out.content_type = "application/problem+json";
    out.body = text(to_json(problem));
    if (problem.generation) out.headers.emplace_back("ETag", '"' + std::to_string(*problem.generation) + '"');
    if (problem.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"switchyard\"");
    if (problem.kind == kStoreBusy) out.headers.emplace_back("Retry-After", kBusyRetry);
    return out;
}

}  // namespace switchyard::control
