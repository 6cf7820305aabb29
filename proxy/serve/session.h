// One client connection: waits for requests, hands each to an exchange, and closes in the end.
//
// Invariants: lives and dies on one worker; holds no buffer while idle. At most one exchange at a time; pipelined
//   requests wait in the buffer.
// Threads: one worker. Owns: the client's stream. Errors: nothing escapes; `over` is called once, from the loop.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <functional>
#include <memory>

#include "proxy/net/descriptor.h"
#include "proxy/net/task.h"
#include "proxy/route/cidr_set.h"
#include "proxy/serve/context.h"
#include "proxy/serve/turn_budget.h"

namespace switchyard::serve {

class Exchange;

class Session final
    : public net::Waiter,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    Session(Context& context, ListenerPlace& place, const route::ClientAddress& client);
    ~Session() override;

    // Takes over the accepted descriptor. False: it could not be watched; destroy the session.
    bool start(net::Descriptor fd);
    // Ends it: at once when idle, else after the exchange that runs (its answer says Connection: close).
    void finish();
    bool idle() const { return idle_; }
    bool idle_for(std::int64_t milliseconds) const {
        return idle_ && static_cast<std::uint32_t>(context_.now_ms) - idle_since_ms_ >= milliseconds;
    }

    Context& context() { return context_; }
    const ListenerPlace& place() const { return place_; }
    const route::ClientAddress& client_address() const { return client_; }
    // As the PROXY protocol gave it; 0: ask the socket.
    std::uint16_t client_port() const { return client_port_; }

    // A connection that speaks for this client alone, because he has proven himself on it (NTLM, Negotiate), while no
    // exchange has it. `to` tells its endpoint from any later one.
    struct Bound {
        std::unique_ptr<upstream::Connection> connection;
        std::weak_ptr<const upstream::EndpointState> to;

        bool is_to(const std::shared_ptr<upstream::EndpointState>& state) const {
            return !to.owner_before(state) && !state.owner_before(to);
        }
    };
    std::unique_ptr<Bound> bound;
    const Exchange* exchange = nullptr;  // the one that is under way

    net::Stream stream;
    net::Buffer in;  // bytes from the client that no exchange has taken yet
    Alarm alarm;
    TurnBudget budget;  // of this wake

    // Wakes at `at_ms` unless moved; expired() says so.
    void set_deadline(std::int64_t at_ms) {
        alarm.expired = false;
        context_.wheel->set(alarm, at_ms);
    }
    bool expired() const { return alarm.expired; }

    // co_await session.sleep(): until a stream that notifies this session, or the alarm, has news.
    struct Sleep {
        Session& session;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> sleeper) noexcept { session.sleeper_ = sleeper; }
        void await_resume() const noexcept {}
    };
    Sleep sleep() { return Sleep{*this}; }
    // co_await session.let_others(): until everybody who waits now has had his turn, or there is news.
    Sleep let_others() {
        step_back();
        return Sleep{*this};
    }

  private:
    void woken() override;
    net::Running run();
    net::Task<> linger();
    net::Task<bool> take_proxy_header();
    net::Task<bool> secure();
    net::Task<bool> settle();
    void end_if_done();
    std::int64_t idle_deadline() const;

    Context& context_;
    ListenerPlace& place_;
    route::ClientAddress client_;
    net::Running running_;
    std::coroutine_handle<> sleeper_;
    bool idle_ = true;
    bool finishing_ = false;
    bool in_clear_ = false;  // no handshake has to come, or it is over
    std::uint16_t client_port_ = 0;
    std::uint32_t idle_since_ms_ = 0;  // the low half of the clock: it stands where nothing else would
};

}  // namespace switchyard::serve
