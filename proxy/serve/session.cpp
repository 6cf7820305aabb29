#include "proxy/serve/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/log.h"
#include "proxy/http/proxy_protocol.h"
#include "proxy/serve/exchange.h"
#include "proxy/serve/handshakes.h"
#include "proxy/serve/http2_session.h"

namespace switchyard::serve {
namespace {

// After our last answer the client may still be sending: many do not look for an answer before their upload is through,
// and a reset while they write takes it from them. What they send is read and thrown away for a while; one that
// is silent has got the answer, or never will.
constexpr std::int64_t kLingerMs = 30'000;
constexpr std::int64_t kLingerSilenceMs = 5'000;
constexpr std::int64_t kLingerAtTheEndMs = 2'000;  // of the worker
// After an HTTP/2 connection was given up: for the word why.
constexpr std::int64_t kLingerAfterFaultMs = 1'000;

// To a client that speaks HTTP without TLS where TLS is spoken.
constexpr std::string_view kPlainHttp =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 54\r\nConnection: close\r\n\r\n"
    "This port speaks TLS: use https:// instead of http://\n";

std::shared_ptr<const net::TlsPolicy> policy_in_force(const void* place) {
    return static_cast<const ListenerPlace*>(place)->plan().tls;
}

net::TlsBook::Identity open_proof(const void* place, std::string_view host) {
    const auto& challenges = static_cast<const ListenerPlace*>(place)->plan().challenges;
    return challenges ? challenges->proof(host) : nullptr;
}

}  // namespace

Session::Session(WorkerContext& context, ListenerPlace& place, const route::ClientAddress& client)
    : ClientConnection(context, place, client) {
    ++context_.client_connections;
    place_.enter();
}

Session::~Session() {
    --context_.client_connections;
    place_.leave();
}

bool Session::start(net::Descriptor fd) {
    if (!stream.accepted(fd.release(), context_.poller)) return false;
    stream.notify(this);
    running_ = run();
    sleeper_ = running_.handle();
    wake();
    return true;
}

void Session::finish() {
    finishing_ = true;
    end_lanes();
    if (idle_) wake();
}

void Session::end_lanes() {
    if (http2_ != nullptr) http2_->end_gracefully();
}

void Session::look() {
    if (http2_ != nullptr) http2_->wake_lanes();
    wake();
}

void Session::each_lane(const std::function<void(const Exchange&)>& each) const {
    http2_->each_exchange(each);
}

void Session::woken() {
    budget.renew();
    if (stream.unsent() != 0 && stream.writable) stream.flush();
    resume_sleeper();
    end_if_done();
}

void Session::end_if_done() {
    if (!running_.done()) return;
    const std::unique_ptr<Session> over(this);  // whether or not there is memory for the line
    if (const auto failure = running_.failure()) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            log_error("a session ended with an exception: {}", error.what());
        } catch (...) {
            log_error("a session ended with an unknown exception");
        }
    }
}

net::Running Session::run() {
    Exchange::Next next;
    in_clear_ = !place_.plan().tls;
    Beginning left{place_.plan().is_introduced_by(client_), place_.plan().speaks_http2};
    bool begins = left.header || left.which || !in_clear_;
    if (!left.header && !enter_client()) co_return;
    for (;;) {
        if (in.empty()) {
            in.release();
            idle_ = true;
            idle_since_ms_ = static_cast<std::uint32_t>(context_.now_ms);
            while (!stream.readable) {
                if (finishing_) co_return;
                set_deadline(idle_deadline());
                co_await sleep();
                if (expired()) co_return;
                if (bound && bound->connection->hung_up) bound.reset();  // its endpoint has closed it
            }
            const auto got = stream.read(in.room());
            if (got.status == net::Transfer::Status::again) {
                in.release();
                continue;
            }
            if (got.status != net::Transfer::Status::done) co_return;
            in.filled(got.bytes);
            idle_ = false;
        }
        if (begins) {
            const Begun begun = co_await begin(left);
            if (begun == Begun::not_yet) continue;
            if (begun == Begun::http2) co_await speak_http2();
            if (begun != Begun::http1) co_return;
            begins = false;
        }
        next = co_await Exchange::serve(*this);
        if (stream.unsent() != 0) {
            const bool settled = co_await settle();
            if (!settled) next = Exchange::Next::cut;
        }
        if (next != Exchange::Next::keep) break;
        budget.served();
        if (budget.over() && !in.empty()) co_await let_others();
    }
    if (next == Exchange::Next::cut)
        stream.close_with_reset();
    else if (next == Exchange::Next::close)
        co_await linger(kLingerMs);
    else if (stream.tls() != nullptr)
        stream.shutdown_send();  // nothing more will come: but the end of TLS has to be said
}

// The next of the steps that come before a request; each begins with octets that are here.
net::Task<Session::Begun> Session::begin(Beginning& left) {
    if (left.header) {
        const bool introduced = co_await take_proxy_header();
        left.header = false;
        co_return introduced&& enter_client() ? Begun::not_yet : Begun::over;
    }
    if (!in_clear_) {
        const bool secured = co_await secure();
        if (!secured) co_return Begun::over;
        in_clear_ = true;
        left.which = !place_.plan().speaks_http1;  // a client that chose nothing gets what there is
        co_return stream.tls()->chose_http2() ? Begun::http2 : Begun::not_yet;
    }
    if (left.which) {
        const bool http2 = co_await begins_http2();
        left.which = false;
        if (http2) co_return Begun::http2;
    }
    co_return in.empty() ? Begun::not_yet : Begun::http1;
}

bool Session::enter_client() {
    if (place_.enter(client_, counted_)) return true;
    ++context_.counts.refused.clients;
    return false;
}

// By the plan of now: a change may have come while this one waited.
std::int64_t Session::idle_deadline() const {
    const auto since = context_.now_ms - (static_cast<std::uint32_t>(context_.now_ms) - idle_since_ms_);
    const auto& plan = place_.plan();
    if (!in_clear_ && plan.tls) return since + std::min(plan.idle_timeout_ms, plan.tls->handshake_timeout_ms);
    return since + plan.idle_timeout_ms;
}

// More handshakes come than the listener begins. False: this one is not begun.
net::Task<bool> Session::wait_for_its_time(const net::TlsPolicy& policy) {
    const auto wait_us = policy.rate->reserve(context_.now_us, policy.handshake_timeout_ms * 1000 / 2);
    if (!wait_us) {
        handshake_failed(TlsTrouble::too_many, "more come in a second than the listener takes");
        co_return false;
    }
    if (*wait_us == 0) co_return true;
    for (set_deadline(context_.now_ms + *wait_us / 1000 + 1); !expired();) {
        co_await sleep();
        if (!stream.broken) continue;
        handshake_failed(TlsTrouble::left, "the client closed the connection");
        co_return false;
    }
    co_return true;
}

// False: there is no client to talk to; whatever could be said has been.
net::Task<bool> Session::secure() {
    if (const auto policy = place_.plan().tls) {
        const auto ends_ms = context_.now_ms + policy->handshake_timeout_ms;
        if (policy->rate && !co_await wait_for_its_time(*policy)) co_return false;
        set_deadline(ends_ms);
    }
    HandshakePlace under_way(context_.handshakes, *this);
    if (!under_way.held()) {
        handshake_failed(TlsTrouble::too_many, "too many are under way");
        co_return false;
    }
    std::string early(in.unread());
    in.release();
    for (stream.readable = true;;) {  // the hello has begun
        const bool its_turn = co_await wait_for_step(under_way);
        if (!its_turn) co_return false;
        if (stream.tls() == nullptr)
            stream.secure(std::make_unique<net::Tls>(stream, context_.buffers,
                                                     net::PolicyNow{policy_in_force, &place_, open_proof},
                                                     std::exchange(early, {})));
        const auto step = stream.tls()->handshake();
        if (step == net::Tls::Step::done) {
            ++(stream.tls()->resumed() ? context_.counts.tls_resumed : context_.counts.tls_full);
            co_return true;
        }
        if (step == net::Tls::Step::proved) {
            under_way.leave();
            co_await linger(kLingerMs);
            co_return false;
        }
        if (step != net::Tls::Step::again) {
            handshake_failed(stream.tls()->trouble().kind, stream.tls()->trouble().words);
            if (step == net::Tls::Step::plain_http) {
                stream.secure(nullptr);
                stream.write(kPlainHttp.data(), kPlainHttp.size());
            }
            under_way.leave();
            co_await linger(kLingerMs);
            co_return false;
        }
    }
}

// Until the client has sent what a step is made of, or takes what the last one left, and the step's turn has come.
// False: the handshake is over, and it has been said why.
net::Task<bool> Session::wait_for_step(HandshakePlace& place) {
    for (;;) {
        const bool ready = stream.unsent() != 0 ? stream.writable : stream.readable;
        if (ready && place.may_step()) co_return true;
        place.waits(!ready);
        co_await sleep();
        place.waits(false);
        if (place.held() && !expired()) continue;
        if (expired())
            handshake_failed(TlsTrouble::timeout, "it was not over in its time");
        else
            handshake_failed(TlsTrouble::too_many, "a newer one needed its place");
        co_return false;
    }
}

// In clear, by prior knowledge (RFC 9113 §3.3): what begins like the preface is read until it is one or cannot be.
net::Task<bool> Session::begins_http2() {
    if (!place_.plan().speaks_http1) co_return true;
    set_deadline(context_.now_ms + place_.plan().head_timeout_ms);
    for (;;) {
        const std::size_t seen = std::min(in.size(), http2::kPreface.size());
        if (in.unread().substr(0, seen) != http2::kPreface.substr(0, seen)) co_return false;
        if (seen == http2::kPreface.size()) co_return true;
        const bool more = co_await read_more();
        if (!more) co_return false;
    }
}

net::Task<> Session::speak_http2() {
    using End = Http2Session::End;
    idle_ = true;
    Http2Session http2(*this, place_);
    http2_ = &http2;
    const End end = co_await http2.run();
    http2_ = nullptr;
    idle_ = false;
    if (end == End::lost)
        stream.close_with_reset();
    else
        co_await linger(end == End::failed ? kLingerAfterFaultMs : kLingerMs);
}

// A client that cannot get in will ask; one that knocks by the thousand gets a line a second.
void Session::handshake_failed(TlsTrouble kind, std::string_view why) {
    ++context_.counts.tls_failed;
    ++context_.counts.tls_troubles[static_cast<std::size_t>(kind)];
    std::uint64_t untold = 0;
    if (!log_enabled(LogLevel::info) || !context_.handshakes.may_tell(context_.now_ms, untold)) return;
    char text[64];
    const std::string_view from = client_.is_ip ? std::string_view(text, client_.write(text)) : "a unix socket";
    const std::string name =
        stream.tls() == nullptr ? std::string() : net::TlsBook::normal(stream.tls()->hello().server_name());
    log_info("listener {}: TLS handshake with {}{}{} failed: {}{}", place_.plan().name, from,
             name.empty() ? "" : " for ", name, why,
             untold == 0 ? std::string() : fmt::format(" (and {} more since the last such line)", untold));
}

// What the kernel has not taken of an answer goes out before anything else is done. False: the client takes nothing.
net::Task<bool> Session::settle() {
    while (stream.unsent() != 0) {
        if (stream.writable) {
            if (stream.flush() == net::Transfer::Status::failed) co_return false;
            continue;
        }
        set_deadline(context_.now_ms + place_.plan().idle_timeout_ms);
        co_await sleep();
        if (expired()) co_return false;
    }
    co_return true;
}

// False: this does not come from the relay that the operator has promised; it gets no answer.
net::Task<bool> Session::take_proxy_header() {
    set_deadline(context_.now_ms + place_.plan().head_timeout_ms);
    for (;;) {
        if (place_.plan().proxy_protocol.optional && !http::may_be_proxy_header(in.unread())) co_return true;
        const auto header = http::read_proxy_header(in.unread());
        if (header.outcome == http::ProxyHeader::Outcome::bad) co_return false;
        if (header.outcome == http::ProxyHeader::Outcome::done) {
            in.consume(header.size);
            if (header.has_address) {
                client_.bytes = header.source.bytes;
                client_.is_ip = true;
                client_port_ = header.source.port;
            }
            co_return true;
        }
        const bool more = co_await read_more();
        if (!more) co_return false;
    }
}

// Of what has begun, behind what is here. False: there is no more of it, or not in the time that was set.
net::Task<bool> Session::read_more() {
    while (!stream.readable) {
        co_await sleep();
        if (expired()) co_return false;
    }
    in.compact();
    const auto got = stream.read(in.room());
    if (got.status == net::Transfer::Status::closed || got.status == net::Transfer::Status::failed) co_return false;
    in.filled(got.bytes);
    co_return true;
}

net::Task<> Session::linger(std::int64_t most_ms) {
    in.release();
    if (stream.hung_up && !stream.readable) co_return;
    while (!stream.shutdown_send()) {
        const bool settled = co_await settle();
        if (!settled) co_return;
    }
    const std::int64_t began = context_.now_ms;
    while (context_.now_ms - began < (context_.stopping ? std::min(kLingerAtTheEndMs, most_ms) : most_ms)) {
        if (!stream.readable || budget.over()) {
            if (stream.readable) step_back();
            set_deadline(std::min(began + most_ms, context_.now_ms + kLingerSilenceMs));
            co_await sleep();
            if (expired()) co_return;
            continue;
        }
        const auto got = stream.read_raw(in.room());
        if (got.status == net::Transfer::Status::closed || got.status == net::Transfer::Status::failed) co_return;
        budget.moved(got.bytes);
        in.release();
    }
}

}  // namespace switchyard::serve
