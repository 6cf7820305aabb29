// What one request asks for, checked: how long its body is, which host and path are meant, who its client is.
//
// Pure; workers and /v1/explain read requests through the same functions, so that the two cannot differ. Views lead
// into the head's text, which stays where it is, and into the value itself, which therefore cannot be copied. Errors: a
// Failure, and in `refusal` the reason in words.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/failure.h"
#include "proxy/http/framing.h"
#include "proxy/http/head.h"
#include "proxy/http/target.h"
#include "proxy/route/claims.h"
#include "proxy/route/groups.h"
#include "proxy/route/request_facts.h"

namespace switchyard::route {

class TokenVerifier;
struct Route;

// What a call of gRPC says of itself beside its path.
struct GrpcCall {
    bool is = false;
    std::int64_t timeout_ms = -1;  // that the client gives it; negative: none
    // Of another attempt: how many were before it, here and at the client, and what is left of the time.
    std::uint64_t attempts_before = 0;
    std::int64_t left_ms = -1;

    bool tried_before() const { return attempts_before != 0; }
};

struct Asked {
    Asked() = default;
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;

    // The guard: what two recipients could read in two ways goes no further. `head` is filled, its text at `base`.
    Failure check(const char* base);
    // Of HTTP/2, and before anything is said of the request: whether it is a gRPC call.
    void look_for_grpc(const char* base);
    // Another attempt begins, with so much of the client's time left.
    void count_grpc_attempt(std::int64_t left_ms);
    // Where the peer is trusted, the client is whom it names. `header`: where it does so (ListenerPlan::client_header).
    void believe(const ClientAddress& peer, const CidrSet& trusted, std::string_view header) {
        facts.head = &head;
        facts.client = peer;
        if (!trusted.empty()) believe_peer(peer, trusted, header);
    }
    // What its route makes of the path, if that is another one; false, with a refusal, where it would climb.
    bool rewrite(const Route& route);
    // What the expressions of its route took of it: always the same route's, until it is forgotten.
    const Groups& groups(const Route& route) const {
        if (!groups_) groups_ = std::make_unique<const Groups>(GroupSources::of(route), facts);
        return *groups_;
    }
    // It is to be routed anew.
    void forget_route() {
        rewritten.clear();
        groups_.reset();
    }
    // The claims of its token count if that is genuine.
    void read_claims(const TokenVerifier& verifier, std::int64_t wall_seconds);

    bool came() const { return head.size > 0; }
    std::string_view method() const { return head.method.of(facts.base); }
    bool idempotent() const;
    // Is Max-Forwards more than a field like others in this request?
    bool counts_forwards() const { return method() == "TRACE" || method() == "OPTIONS"; }

    http::Head head;
    http::Guarded guarded;
    http::Target target;
    RequestFacts facts;               // `head` is null until it was checked whom to believe
    std::uint64_t forwards_left = 0;  // Max-Forwards, where it counts
    bool trusted_peer = false;
    GrpcCall grpc;
    std::string_view said_scheme;  // by which the client came to the trusted peer, where Forwarded tells
    std::string rewritten;         // the path that is sent on, with its query, where the route rewrites it
    std::string_view refusal;

  private:
    Failure refuse(std::string_view why) {
        refusal = why;
        return Failure::bad_request;
    }
    Failure check_hops();
    void believe_peer(const ClientAddress& peer, const CidrSet& trusted, std::string_view header);

    std::string normalized_path_, lower_host_;  // only where they differ
    Claims claims_;
    mutable std::unique_ptr<const Groups> groups_;  // null until a group is named
};

}  // namespace switchyard::route
