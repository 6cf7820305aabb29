// The HTTP/2 connections of one worker to one endpoint, and who waits for a place on one.
//
// A lane gets the first connection that has a place; so the surplus ages out. One connection is made at a time: a burst
//   waits for it, in order, and learns from it how many lanes the endpoint takes; from then on as many are made as
//   those who wait need, a few at a time. An endpoint that chose HTTP/1 (`protocol: auto`) is spoken to so for a while.
// Invariants: lanes and connections of one way of TLS are never mixed with others'.
// Threads: one worker. Owns: the connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/failure.h"
#include "proxy/serve/shared_connection.h"
#include "proxy/serve/worker_context.h"
#include "proxy/upstream/shared_connections.h"

namespace switchyard::serve {

class SharedLane;

class SharedPool final : public upstream::SharedConnections {
  public:
    SharedPool(WorkerContext& context, upstream::EndpointLocal& local) : context_(context), local_(local) {}
    // The endpoint's, made where there is none yet.
    static SharedPool& of(WorkerContext& context, upstream::EndpointLocal& local);

    WorkerContext& context() const { return context_; }
    upstream::EndpointLocal& local() const { return local_; }

    // It has a place at once, or is woken when it has one, or when there is none to be had.
    void join(SharedLane& lane);
    void leave_queue(const SharedLane& lane);
    // Known to speak HTTP/1 alone, by what it chose not long ago.
    bool chose_http1() const { return context_.now_ms < http1_until_ms_; }

    // By connections.
    void fill();
    void failed(SharedConnection& connection, Failure failure, const std::string& why);
    // The endpoint will have it so: those that wait, and others for a while. `wire`: the connection that has found it
    // out, for one of them; null: it was a request (HTTP_1_1_REQUIRED).
    void chose_http1(const net::OutwardTls* how, std::unique_ptr<upstream::Connection> wire);
    void settled(std::size_t limit) {
        if (limit != 0) known_limit_ = limit;
    }
    void over(SharedConnection& connection);
    bool keeps_one_more_idle() const { return !retired_ && idle() <= local_.max_idle; }

    void keep_only(const net::OutwardTls* how, bool wanted) override;
    void retire(bool on) override;
    void close_idle(std::int64_t oldest_ms) override;
    std::size_t connections() const override { return all_.size(); }
    std::size_t idle() const override;
    std::size_t lanes() const override;

  private:
    SharedConnection* with_place(const net::OutwardTls* how) const;
    bool may_make(const net::OutwardTls* how) const;
    std::size_t count(const net::OutwardTls* how, SharedConnection::Takes takes) const;
    bool pauses(const net::OutwardTls* how) const;
    void make(SharedLane& lane);
    static void place(SharedLane& lane, SharedConnection& connection);
    template <class Tell>
    void tell_waiting(const net::OutwardTls* how, Tell tell);

    WorkerContext& context_;
    upstream::EndpointLocal& local_;
    std::vector<std::unique_ptr<SharedConnection>> all_;  // oldest first
    std::vector<SharedLane*> waiting_;
    std::size_t known_limit_ = 0;  // lanes that a connection takes; 0: not known
    std::int64_t http1_until_ms_ = 0;
    bool retired_ = false;
};

}  // namespace switchyard::serve
