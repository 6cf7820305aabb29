// An answer that the proxy gives by itself: a failure in words, what a route or its rule answers, a redirect. It is the
// route's answer, too: the route's edits are the last word on its lines.
//
// Threads: one worker. Owns the text that does not fit in a block; all else is what it was made from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/grpc.h"
#include "proxy/http/local_reply.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/serve/head_sources.h"

namespace switchyard::serve {

class OwnAnswer {
  public:
    // `failure` none: the answer that the route, or the rule that the request came to, is written to give.
    // `call_status`: what the failure is called where the request is a call of gRPC.
    OwnAnswer(const HeadSources& from, Failure failure, http::GrpcStatus call_status, WorkerContext& context);
    OwnAnswer(const OwnAnswer&) = delete;
    OwnAnswer& operator=(const OwnAnswer&) = delete;

    std::uint16_t status() const { return reply_.status; }
    // The client's connection is at a message boundary behind it.
    bool keeps() const { return !reply_.close; }
    // All its octets; they stand in `block`, or here.
    std::string_view write(net::Buffer& block);

  private:
    void say_as_written();
    void say_denied();
    void say_page();
    void say_until();
    void say_resting();
    bool would_open_tunnel() const;
    void say_no_tunnel();
    void say_status(http::GrpcStatus status);
    void write(http::HeadWriter& to);
    std::size_t most() const;

    const HeadSources& from_;
    WorkerContext& context_;
    http::LocalReply reply_;
    std::string location_, message_, large_;
};

}  // namespace switchyard::serve
