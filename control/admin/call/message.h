// One call of the admin API and its answer, without the HTTP library's words.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model/process.h"
#include "control/base/problem.h"
#include "proxy/base/client_claims.h"

namespace switchyard::control {

struct AdminRequest {
    std::string method;  // upper case
    std::string path;    // decoded, without the query
    std::map<std::string, std::string> query;
    std::string repeated;                        // a name that stands in the query more than once
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    std::string from;                           // remote address
    const ClientClaims* certificate = nullptr;  // the caller's, by the connection; only until it is judged
    bool certificate_is_over = false;           // it has ended, or is checked by others than when the connection began

    // Set on the way to the handler.
    std::string who;  // name of the token
    config::Role role = config::Role::viewer;
    std::string session{};  // the cookie of the browser's session that calls; empty: a token does
    std::chrono::seconds session_left{};
    std::vector<std::string> places;  // what stands for {…} in the row's path

    std::string header(const std::string& name) const {
        const auto it = headers.find(name);
        return it == headers.end() ? std::string{} : it->second;
    }
    std::optional<std::string> query_value(const std::string& name) const {
        const auto it = query.find(name);
        return it == query.end() ? std::nullopt : std::optional(it->second);
    }
};

struct AdminReply {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    // Set: the answer is the stream of events after this id, and `body` is not used.
    std::optional<std::uint64_t> events_after;
    std::string events_for;  // name of the token whose place for a stream is taken
};

AdminReply reply(const nlohmann::ordered_json& body, unsigned status = 200);
AdminReply reply(const Problem& problem);

// Called exactly once, on the control thread, now or later.
using Respond = std::function<void(AdminReply)>;

}  // namespace switchyard::control
