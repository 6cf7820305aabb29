// One request and its response: read head → guard → pin → route → claim → send → receive → return → give back →
// account.
//
// The story that leads through the rooms of docs/architecture.md; each value owns its state and what it took.
//   exchange.cpp (the steps), exchange_limits.cpp (what may hold a request up), exchange_attempt.cpp (claim, send,
//   receive), exchange_return.cpp (the answer), request_head.cpp and response_head.cpp (what is forwarded).
// Invariants: pinned to one generation while it routes; one lease at a time; accounted exactly once; after the first
//   byte of a response went out, a failure cuts the connection and never looks like success.
// Threads: one worker. Owns: the request's head.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "proxy/base/failure.h"
#include "proxy/base/held_exchange.h"
#include "proxy/http/local_reply.h"
#include "proxy/http/writer.h"
#include "proxy/net/task.h"
#include "proxy/route/asked.h"
#include "proxy/serve/account.h"
#include "proxy/serve/answer.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/course.h"
#include "proxy/serve/endpoint_lane.h"
#include "proxy/serve/lease.h"
#include "proxy/serve/pace.h"
#include "proxy/serve/relay.h"
#include "proxy/serve/request_id.h"
#include "proxy/serve/request_text.h"

namespace switchyard::serve {

// The request's body on its way to the endpoint.
struct Upload : Relay {
    using Relay::Relay;
    // Nothing more of it will go.
    bool over() const { return dead || finished(); }

    Trailers trailers;
    bool dead = false;     // the endpoint takes no more
    bool invited = false;  // it has asked for the body (100 Continue)
};

// The answer's body on its way to the client.
struct Download : Relay {
    using Relay::Relay;
    Trailers trailers;
};

class Exchange {
  public:
    enum class Next : std::uint8_t {
        keep,   // the connection is at a message boundary and may serve another request
        close,  // close it gently: the client may still be sending
        done,   // the client asked for the end and has said all it had to say: just close
        cut,    // reset it: the client must not take what it has got for a whole message
    };

    // Serves the request whose first bytes are in connection.in.
    static net::Task<Next> serve(ClientConnection& connection);

    // exchange_held.cpp: whether a drain of these upstreams (Registry ids) by that generation waits for it, and what is
    // told of it then.
    bool held_before(std::uint64_t generation, const std::set<std::uint32_t>& upstreams) const;
    HeldExchange held() const;
    std::int64_t started_us() const { return account_.record.started_us; }

    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

  private:
    explicit Exchange(ClientConnection& connection);

    // exchange.cpp
    net::Task<Failure> read_head();
    void finish();
    Failure choose_route();
    Failure check_certificate();
    void name_request();
    net::Task<Next> proxy();
    net::Task<Next> answer_locally(Failure failure);
    net::Task<Next> send_reply(std::string_view bytes, bool keep);
    std::string_view redirect_target(std::string& scratch) const;

    Failure route_again();

    // exchange_limits.cpp
    bool breaker_passes(const upstream::Upstream& upstream);
    Failure pass_breaker();
    std::int32_t session_endpoint() const;
    void follow_session(std::int32_t preferred, std::uint32_t chosen);
    bool go_elsewhere();
    net::Task<Failure> claim_or_wait();
    net::Task<Failure> wait_for_place();

    void set_paced_deadline(bool client_turn, std::int64_t idle_ms);
    bool download_too_slow();
    bool time_is_up() const;

    // exchange_introduce.cpp
    Failure introduce_client();

    // exchange_secure.cpp
    net::Task<Failure> secure_endpoint();
    Failure note_tls_trouble(Failure failure, std::string_view why) const;
    Failure refused_certificate() const;

    // exchange_attempt.cpp
    Failure claim();
    std::uint64_t balance_key(const upstream::Upstream& upstream);
    net::Task<Failure> connect();
    Failure connected(net::Stream::Connecting how);
    Failure connect_broken_off(bool made) const;
    net::Task<Failure> attempt();
    bool start_upload();
    bool put_request_text();
    bool put_request_head_again();
    Failure step_upload();
    Failure attempt_late(bool timing_response) const;
    Failure refuse_answer(std::string_view why);
    net::Task<Failure> relay_informational();
    bool write_informational(net::Buffer& out);
    bool may_retry(Failure failure) const;
    void give_back(bool reusable);

    // exchange_bound.cpp
    void prefer_bound(std::int32_t& preferred) const;
    bool take_bound();
    void keep_for_client();
    Failure endpoint_gone(bool in_order) const;
    void note_attempt_end(Failure failure);
    void count_result(Failure failure);

    // exchange_return.cpp, exchange_tunnel.cpp; what every request passes stands in line
    struct Delivery;
    net::Task<Next> return_response();
    bool begin_answer(Delivery& delivery);
    void start_download(Delivery& delivery);
    Failure download_failure(Relay::Step step);
    Failure download_late(Relay::Step step) const;
    void step_early_upload();
    void end_answer(const Delivery& delivery);
    std::uint64_t moved() const { return client_.sent_bytes() + endpoint_lane_.sent_bytes(); }
    net::Task<Next> tunnel(std::string_view head);

    // request_head.cpp, response_head.cpp
    void write_announcement(http::Writer& to, const std::vector<std::string>& trailers) const;
    bool write_request_head(net::Buffer& out);
    void write_forwarding(http::Writer& to, const http::Field* host, const http::Field* proto, bool port_given) const;
    // Nobody else has a say in how the request came here: no peer, no edit of a line of ours.
    bool only_we_say() const {
        return !asked_.trusted_peer && course_.route->request_edits.known == 0 && !course_.listener->forwarded &&
               !asked_.target.authority.empty() && client_.address().is_ip;
    }
    void write_own_forwarding(http::Writer& to) const;
    void write_forwarded_for(http::Writer& to) const;
    std::string_view forwarded_port(const http::Field* host, const http::Field* proto) const;
    bool reads_forwarded_for() const;
    bool reads_forwarded() const;
    void write_edits(http::Writer& to, const route::Edits& edits) const;
    void write_own_answer(http::Writer& to, const http::LocalReply& reply) const;
    std::size_t largest_own_answer(const http::LocalReply& reply) const;
    struct Said;
    bool keeps(const http::Field& field, Said& said) const;
    void write_own_lines(http::Writer& to, const Said& said) const;
    bool write_response_head(net::Buffer& out, bool keep, Coding coding);
    void write_route_lines(http::Writer& to) const;

    // exchange_log.cpp
    void write_access_line() const;

    void set_phase_deadline(std::int64_t milliseconds);
    // A reset is the end for everybody. Who closes his sending side in order may still read: only where the route says
    // that this means leaving, and everything that he had to send is here.
    bool client_left() const {
        return client_.broken() || (client_.hung_up() && course_.route->abort_on_close && request_is_here());
    }
    bool request_is_here() const { return asked_.guarded.body.empty() || text_.has_body() || upload_.finished(); }
    // The answer to this request is the last one on its connection.
    bool closing() const { return context_.stopping || client_.place().gone() || client_.is_last(); }
    // As the host says that is asked for now: checks that only differ in this let the same clients in.
    bool tells_certificate() const {
        return asked_.facts.certificate != nullptr && !asked_.facts.certificate->field.empty() &&
               course_.listener->tls != nullptr && course_.listener->tls->client_for(asked_.facts.host)->forwards();
    }
    std::string_view certificate_says(std::string_view claim) const {
        return asked_.facts.certificate == nullptr ? std::string_view{} : asked_.facts.certificate->value(claim);
    }
    const char* base() const { return head_.data(); }

    Strand& strand_;
    Context& context_;
    ClientLane client_;
    EndpointLane endpoint_lane_;
    route::Asked asked_;
    Course course_;
    Lease lease_;
    Account account_;
    net::Buffer head_;  // the request's head, unmoved until the end
    RequestText text_;  // as the endpoint gets it
    Answer answer_;
    RequestId request_id_;
    Upload upload_;
    Download download_;
    bool called_ = false;        // from the queue: it is this one's turn
    bool bound_ = false;         // the endpoint's connection stands for this client: nobody else may get it
    bool mint_session_ = false;  // the client gets a new session cookie
    Pace pace_;
    bool force_fresh_ = false;  // a kept connection was dead: no more of them for this request
};

}  // namespace switchyard::serve
