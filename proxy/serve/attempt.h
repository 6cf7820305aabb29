// One endpoint is asked: a connection to it, the request out, the head of its answer in – or the failure that it came
// to. Asked again for another endpoint, it sends what it has kept of the request.
//
// Invariants: of the client's body nothing is lost between two tries but what may_repeat() tells of; a connection goes
//   back to its pool at a message boundary only.
// Threads: one worker. Owns: the endpoint's lane, the request as it is sent, the upload, the answer's head.
#pragma once

#include <string_view>
#include <utility>

#include "proxy/net/task.h"
#include "proxy/serve/account.h"
#include "proxy/serve/call_outcome.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/endpoint_answer.h"
#include "proxy/serve/endpoint_lane.h"
#include "proxy/serve/head_sources.h"
#include "proxy/serve/phase.h"
#include "proxy/serve/relay.h"
#include "proxy/serve/request_text.h"

namespace switchyard::serve {

// The request's body on its way to the endpoint.
struct Upload : Relay {
    using Relay::Relay;
    // Nothing more of it will go.
    bool over() const { return dead || finished(); }

    Trailers trailers;
    bool dead = false;         // the endpoint takes no more
    bool body_wanted = false;  // it has asked for the body (100 Continue)
};

class Attempt {
  public:
    Attempt(Phase& phase, ClientLane& client, route::Asked& asked, const HeadSources& from, Course& course,
            Lease& lease, Account& account);
    ~Attempt() { give_back(false); }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    // Asks the endpoint of the lease. `none`: the head of its last answer is here.
    net::Task<Failure> run();
    // Whether all that was sent can be sent again: what has been taken from the client's body, be it only the size of a
    // chunk, cannot (a small body travels with the head and can).
    bool may_repeat() const { return !client_.body_touched(); }
    // For another try: forgets what came. `only_fresh`: a kept connection was dead, and it gets no more of them.
    void start_anew(bool only_fresh) {
        lane_.start_anew();
        breaker_told_ = false;
        call_ = {};
        only_fresh_ = only_fresh_ || only_fresh;
    }

    // A reset is the end for both sides. A client that closes its sending side in order may still read: only where the
    // route says that this means leaving, and all that it had to send is here.
    bool client_left() const {
        return client_.broken() || (client_.hung_up() && from_.course.route->abort_on_close && request_is_here());
    }
    // The answer came early: the rest of the request still flows, but its fate no longer matters.
    void step_early_upload();
    // The text of the request is needed no more.
    void release_text() { text_.release(); }
    // The connection stands for this client from now on: no other client gets it.
    void bind() { bound_ = true; }

    EndpointLane& lane() { return lane_; }
    const Upload& upload() const { return upload_; }
    const EndpointAnswer& answer() const { return answer_; }
    EndpointAnswer& answer() { return answer_; }
    // `octets`: those it is refused for, if they are here.
    Failure refuse_answer(std::string_view why, std::string_view octets = {});
    // Of a call of gRPC, once it has failed.
    const CallOutcome& call();

    // What the endpoint made of it, once, when nothing of it can change any more.
    void count(Failure failure);
    // Of a call of gRPC, whose answer was passed on before anything was told: all who count it.
    void count(const Verdict& verdict);
    // … the breaker first, and once: at the end, or when it is clear that it lasts.
    void tell_breaker(const Verdict& verdict) {
        if (!std::exchange(breaker_told_, true) && lease_.held()) lease_.tell_breaker(verdict, account_.record.took_us);
    }
    // `reusable`: the connection is at a message boundary.
    void give_back(bool reusable);

  private:
    bool stand_on_kept();
    bool stand_on_bound();
    net::Task<Failure> connect();
    Failure connected(net::Stream::Connecting how);
    Failure connect_broken_off(bool made) const;
    net::Task<Failure> secure();
    Failure note_tls_trouble(Failure failure, std::string_view why) const;
    Failure refused_certificate() const;
    Failure introduce_client();
    void keep_for_client();
    bool start_upload();
    bool put_text();
    bool put_head_again();
    Failure step_upload();
    Failure gone(bool in_order) const;
    bool may_share() const;
    net::Task<Failure> share();
    Failure lane_lost();
    Failure unserved();
    Failure other_version_wanted();
    Failure late(bool timing_answer) const;
    net::Task<Failure> relay_interim();
    // The endpoint, and its kernel: nothing is held for it. Else it is not the client's turn.
    bool takes_more() const { return lane_.writable() && lane_.unsent() == 0; }
    bool request_is_here() const { return asked_.guarded.body.empty() || text_.has_body() || upload_.finished(); }

    Phase& phase_;
    WorkerContext& context_;
    ClientLane& client_;
    route::Asked& asked_;
    const HeadSources& from_;
    Course& course_;
    Lease& lease_;
    Account& account_;
    EndpointLane lane_;
    RequestText text_;  // as the endpoint gets it
    Upload upload_;
    EndpointAnswer answer_;
    bool breaker_told_ = false;  // of a call
    bool bound_ = false;
    bool only_fresh_ = false;
    CallOutcome call_;
    std::uint8_t unserved_ = 0;  // times that an endpoint did not look at it (HTTP/2)
};

}  // namespace switchyard::serve
