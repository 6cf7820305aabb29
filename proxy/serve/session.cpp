#include "proxy/serve/session.h"

#include <algorithm>

#include "proxy/base/log.h"
#include "proxy/http/proxy_protocol.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

// After our last answer the client may still be sending: many do not look for an answer before their upload is through,
// and a reset while they write takes it from them. What they send is read and thrown away for a while; whoever is
// silent has got the answer, or never will.
constexpr std::int64_t kLingerMs = 30'000;
constexpr std::int64_t kLingerSilenceMs = 5'000;
constexpr std::int64_t kLingerAtTheEndMs = 2'000;  // of the worker

}  // namespace

Session::Session(Context& context, ListenerPlace& place, const route::ClientAddress& client)
    : Waiter(context.poller), in(context.buffers), context_(context), place_(place), client_(client) {
    alarm.waiter = this;
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
    if (idle_) wake();
}

void Session::woken() {
    budget.renew();
    const auto sleeper = std::exchange(sleeper_, nullptr);
    if (sleeper) sleeper.resume();
    end_if_done();
}

void Session::end_if_done() {
    if (!running_.done()) return;
    if (const auto failure = running_.failure()) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            log_error("a session ended with an exception: {}", error.what());
        } catch (...) {
            log_error("a session ended with an unknown exception");
        }
    }
    delete this;
}

net::Running Session::run() {
    Exchange::Next next;
    bool expects_header = place_.plan().proxy_protocol;
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
        if (expects_header) {
            const bool introduced = co_await take_proxy_header();
            if (!introduced) co_return;
            expects_header = false;
            continue;
        }
        next = co_await Exchange::serve(*this);
        if (next != Exchange::Next::keep) break;
        budget.served();
        if (budget.over() && !in.empty()) co_await let_others();
    }
    if (next == Exchange::Next::cut)
        stream.close_with_reset();
    else if (next == Exchange::Next::close)
        co_await linger();
}

// By the plan of now: a change may have come while this one waited.
std::int64_t Session::idle_deadline() const {
    const auto since = context_.now_ms - (static_cast<std::uint32_t>(context_.now_ms) - idle_since_ms_);
    return since + place_.plan().idle_timeout_ms;
}

// False: whoever sent this is not the relay that the operator has promised; he gets no answer.
net::Task<bool> Session::take_proxy_header() {
    set_deadline(context_.now_ms + place_.plan().head_timeout_ms);
    for (;;) {
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
        if (!stream.readable) {
            co_await sleep();
            if (expired()) co_return false;
            continue;
        }
        in.compact();
        const auto got = stream.read(in.room());
        if (got.status == net::Transfer::Status::closed || got.status == net::Transfer::Status::failed) co_return false;
        in.filled(got.bytes);
    }
}

net::Task<> Session::linger() {
    in.release();
    if (stream.hung_up && !stream.readable) co_return;
    stream.shutdown_send();
    const std::int64_t began = context_.now_ms;
    while (context_.now_ms - began < (context_.stopping ? kLingerAtTheEndMs : kLingerMs)) {
        if (!stream.readable || budget.over()) {
            if (stream.readable) step_back();
            set_deadline(std::min(began + kLingerMs, context_.now_ms + kLingerSilenceMs));
            co_await sleep();
            if (expired()) co_return;
            continue;
        }
        const auto got = stream.read(in.room());
        if (got.status == net::Transfer::Status::closed || got.status == net::Transfer::Status::failed) co_return;
        budget.moved(got.bytes);
        in.release();
    }
}

}  // namespace switchyard::serve
