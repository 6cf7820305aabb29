// The endpoint that an exchange has claimed: counted in flight there until it is given back.
//
// Invariants: one endpoint at a time; what is claimed is given back once, at the latest when the lease ends, and
//   a request that waits for a place is called.
// Threads: one worker. Owns: the place in the endpoint's counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "proxy/serve/verdict.h"
#include "proxy/serve/worker_context.h"

namespace switchyard::serve {

class Lease {
  public:
    explicit Lease(WorkerContext& context) : context_(context) {}
    ~Lease() { give_back(); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // The balancer has claimed it already.
    void take(const upstream::Upstream& of, std::uint32_t claimed);
    void give_back();
    bool held() const { return endpoint_ != nullptr; }
    // Both of one worker: each holds what the other held.
    void swap(Lease& other) {
        std::swap(upstream_, other.upstream_);
        std::swap(endpoint_, other.endpoint_);
        std::swap(last_, other.last_);
        std::swap(local_, other.local_);
        std::swap(begins_session_, other.begins_session_);
        std::swap(ticket_, other.ticket_);
    }
    // The generation that it belongs to is left.
    void forget() { last_ = nullptr; }
    const upstream::Endpoint* endpoint() const { return endpoint_; }
    const upstream::Endpoint* last() const { return last_; }  // the last one claimed, for the log
    upstream::EndpointLocal* local() const { return local_; }

    // The client gets a cookie that holds it to this endpoint.
    void begin_session() { begins_session_ = true; }
    bool begins_session() const { return begins_session_; }

    // How the attempt ended and how long the endpoint took for its answer, for the breaker; how long all of it took,
    // for the balancer.
    void tell_breaker(const Verdict& verdict, std::int64_t took_us) {
        using Outcome = upstream::Breaker::Outcome;
        if (!has_breaker()) return;
        tell_its_breaker(verdict.says_nothing || verdict.stale ? Outcome::abandoned
                         : verdict.failed                      ? Outcome::failed
                                                               : Outcome::ok,
                         took_us);
    }
    bool has_breaker() const { return upstream_->breaker.on(); }
    void observe(bool failed, std::int64_t took_us) {
        const auto took = static_cast<double>(took_us);
        if (failed)
            local_->ewma.observe(std::max(took, upstream::PeakEwma::kPenaltyUs), context_.now_us);
        else if (upstream_->balance.kind == config::Balance::Kind::peak_ewma)
            local_->ewma.observe(took, context_.now_us);
    }
    // What the endpoint made of it, once, when nothing of it can change any more. One that fails one request after the
    // other is reported.
    void count(const Verdict& verdict, std::uint32_t route, std::uint64_t generation) {
        context_.count_endpoint(*local_);
        if (verdict.failed) return count_failed(verdict, route, generation);
        ++local_->counts.ok;
        local_->consecutive_failures = 0;
    }

  private:
    void tell_its_breaker(upstream::Breaker::Outcome outcome, std::int64_t took_us);
    void count_failed(const Verdict& verdict, std::uint32_t route, std::uint64_t generation);

    WorkerContext& context_;
    const upstream::Upstream* upstream_ = nullptr;
    const upstream::Endpoint* endpoint_ = nullptr;
    const upstream::Endpoint* last_ = nullptr;
    upstream::EndpointLocal* local_ = nullptr;
    bool begins_session_ = false;
    upstream::Breaker::Ticket ticket_ = 0;
};

inline void Lease::take(const upstream::Upstream& of, std::uint32_t claimed) {
    upstream_ = &of;
    begins_session_ = false;
    endpoint_ = last_ = &of.endpoints[claimed];  // from here on it is given back, also if what follows finds no memory
    upstream::EndpointLocal& local = context_.local(*endpoint_);
    local.max_idle = of.keep.most;
    local.keep_idle_ms = of.keep.idle_ms;
    ++local.pool.leased;
    local_ = &local;
    if (of.breaker.on()) ticket_ = context_.breaker(of).admit();
}

inline void Lease::give_back() {
    if (endpoint_ == nullptr) return;
    if (local_ != nullptr) --local_->pool.leased;
    upstream::release(*endpoint_);
    if (context_.waiting != 0) context_.call_queue(upstream_->id);
    endpoint_ = nullptr;
    local_ = nullptr;
}

}  // namespace switchyard::serve
