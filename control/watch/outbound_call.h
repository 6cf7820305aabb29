// One exchange with another machine, in HTTP/1.1 or, where endpoints are spoken to so, in HTTP/2, or only a
// connection: health checks, checks of a rollout, webhooks.
//
// An answer's body is waited for only where the caller wants it, and no more of it than was asked for.
// Threads: that of its executor, which it never blocks. Time: the whole call, name look-up included, ends within
// `timeout`. Errors: words in the outcome, with what was being done when it failed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "config/model/address.h"
#include "config/model/upstream.h"
#include "proxy/net/tls_outward.h"

namespace switchyard::control {

struct OutboundCall {
    config::Address to;
    std::string request;  // head and body as they are sent; empty: only connect
    std::chrono::milliseconds timeout{0};
    std::string_view preface{};  // said before all else, even when only connecting; outlives the call
    std::size_t most_body = 0;   // the answer's body is read, if it is no longer than this; 0: it is not waited for
    std::shared_ptr<const switchyard::net::OutwardTls> tls =
        nullptr;  // null: in clear; else a call that only connects shakes hands, and hears whether they were liked
    std::string host = {};                                             // whom TLS asks for
    std::shared_ptr<switchyard::net::TlsSessions> sessions = nullptr;  // of calls before; with tls
    config::EndpointProtocol protocol = config::EndpointProtocol::http1;
};

struct CallOutcome {
    unsigned status = 0;        // 0: no answer, or none was asked for
    std::string error;          // why there is none, or why it is not what was hoped for
    bool our_shortage = false;  // of descriptors, ports or memory: says nothing about the other side
    std::string body{};
    std::string trailers{};  // of HTTP/2, with a body that is waited for: "name: value" CRLF each
    bool ok() const { return status >= 200 && status < 300; }
};

boost::asio::awaitable<CallOutcome> make_call(OutboundCall call);

}  // namespace switchyard::control
