// The answer on its way to the client: its head, its body through a relay, its trailers – or, after 101 and CONNECT, a
// tunnel (delivery_tunnel.cpp).
//
// Invariants: after its first octet went out a failure ends the connection, and a part never looks like a whole.
// Threads: one worker. Owns: the head as the client gets it, and the run that is on its way.
#pragma once

#include <optional>

#include "proxy/serve/attempt.h"
#include "proxy/serve/coded_answer.h"
#include "proxy/serve/next.h"

namespace switchyard::serve {

class Delivery {
  public:
    Delivery(Attempt& attempt, Phase& phase, ClientLane& client, const HeadSources& from, Course& course,
             Account& account);
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;

    net::Task<Next> run();
    // Not an octet of the answer went out: the client can still be told this in words. `none`: it has its answer.
    Failure untold() const { return untold_; }

  private:
    WorkerContext& context() const { return phase_.strand().context(); }
    bool begin();
    void start_relay();
    void end();
    Failure failure_of(Relay::Step step);
    Failure late(Relay::Step step) const;
    bool client_too_slow();
    bool fit_for_reuse() const;
    std::uint64_t moved() const {
        const std::uint64_t sent = client_.sent_bytes() + attempt_.lane().sent_bytes();
        return coded_.body == nullptr ? sent : sent + coded_.body->octets_in();
    }
    net::Task<Next> tunnel();
    // delivery_coded.cpp: what is compressed.
    void code();
    void count_coded(const CodedCounts& counts);
    // delivery_call.cpp: calls of gRPC.
    void begin_call();
    std::int64_t watch_long_call(std::int64_t wait_ms);
    void say_status(Failure failure);
    http::GrpcStatus call_status() const;
    void end_call();

    Attempt& attempt_;
    Phase& phase_;
    ClientLane& client_;
    const HeadSources& from_;
    Course& course_;
    Account& account_;
    Relay relay_;
    Trailers trailers_;
    CodedAnswer coded_;
    net::Buffer lead_;  // the head, and perhaps a small body
    http::Body body_;   // what the endpoint sends
    Coding coding_ = Coding::plain;
    bool uploaded_ = false;  // the whole request went out before the answer came
    bool opens_tunnel_ = false;
    bool joined_ = false;  // the body stands in `lead_`
    bool takes_its_time_ = false;
    struct Call {                  // of gRPC
        bool is = false;           // its end says how it went
        bool looks_again = false;  // the sleep is one until the breaker is told, and no limit
        std::optional<http::GrpcStatus> head_status;
    } call_;
    Next next_ = Next::close;  // if all goes well
    Next broken_off_ = Next::cut;
    Failure untold_ = Failure::none;
};

}  // namespace switchyard::serve
