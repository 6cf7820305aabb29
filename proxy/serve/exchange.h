// One request and its response: read head → guard → pin → route → claim → send → receive → return → give back →
// account.
//
// The story that leads through the rooms of docs/architecture.md: a course (route, upstream), a claim (endpoint), an
//   attempt (request out, head of the answer in), a delivery (the answer to the client), the account. Each room owns
//   its state and what it took; what is decided between two of them – another try, an answer of the proxy's own – is
//   decided here.
// Invariants: pinned to one generation while it routes; one lease at a time; accounted exactly once; after the first
//   byte of a response went out, a failure cuts the connection and never looks like success.
// Threads: one worker. Owns: the request's head, and the rooms.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "proxy/base/failure.h"
#include "proxy/base/held_exchange.h"
#include "proxy/base/metrics.h"
#include "proxy/net/task.h"
#include "proxy/route/asked.h"
#include "proxy/serve/account.h"
#include "proxy/serve/attempt.h"
#include "proxy/serve/claim.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/course.h"
#include "proxy/serve/head_sources.h"
#include "proxy/serve/lease.h"
#include "proxy/serve/next.h"
#include "proxy/serve/phase.h"
#include "proxy/serve/request_id.h"

namespace switchyard::serve {

class Exchange {
  public:
    using Next = serve::Next;

    // Serves the request whose first bytes are in connection.in.
    static net::Task<Next> serve(ClientConnection& connection);

    // exchange_held.cpp: whether a drain of these upstreams (Registry ids) by that generation waits for it, and what is
    // told of it then. If it has lasted for long enough it is counted among these.
    void add_if_stream(std::vector<InFlight>& to) const;
    bool held_before(std::uint64_t generation, const std::set<std::uint32_t>& upstreams) const;
    HeldExchange held() const;
    void add_age(HeldAges& to) const;
    std::int64_t started_us() const { return account_.record.started_us; }

    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

  private:
    explicit Exchange(ClientConnection& connection);

    Failure read_head(ClientLane::Request& came);
    net::Task<Failure> wait_for_head(ClientLane::Request came);
    Failure check_framed();
    Failure settle_body();
    Failure choose_route();
    Failure route_again();
    net::Task<Failure> wait_for_turn();
    Failure check_certificate();
    void name_request();
    net::Task<bool> asks_for_challenge();
    net::Task<Next> proxy();
    Failure claim();
    net::Task<Failure> wait_for_place();
    Failure claimed(Failure failure);
    bool may_retry(Failure failure) const;
    bool retries_left() const;
    net::Task<bool> call_again();
    net::Task<bool> answer_again();
    net::Task<bool> ask_other_after(std::int64_t pause_ms);
    std::int64_t longest_pause_ms() const;
    std::int64_t drawn_pause_ms();
    bool time_for_another() const;
    net::Task<void> pause(std::int64_t pause_ms);
    void judge_attempt(Failure failure);
    void drop_answer();
    bool judge_call(Failure failure, std::uint16_t status);
    http::GrpcStatus call_status(Failure failure);
    net::Task<Next> answer_locally(Failure failure);
    net::Task<Next> answer_with_file();
    net::Task<Next> answer_in_words(Failure failure, std::string_view lines);
    void finish();
    void note_reset();
    // Because its message is malformed.
    bool was_reset() const;
    void write_access_line() const;
    void note_recent() const;

    WorkerContext& context_;
    ClientLane client_;
    route::Asked asked_;
    Course course_;
    Lease lease_;
    Account account_;
    net::Buffer head_;  // the request's head, unmoved until the end
    RequestId request_id_;
    Phase phase_;
    const HeadSources sources_;
    Claim claim_;
    Attempt attempt_;
};

}  // namespace switchyard::serve
