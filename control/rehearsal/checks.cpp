#include "control/rehearsal/checks.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "config/model.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {

namespace asio = boost::asio;

Checks::Checks(const config::Model& model, const KnownAddresses& known, const Snapshot& snapshot,
               const EndpointNames& first) {
    std::map<std::string, std::shared_ptr<const switchyard::net::OutwardTls>> tls;
    for (const auto& upstream : snapshot.upstreams) tls[upstream->name] = upstream->tls;
    for (const auto& [name, upstream] : model.upstreams)
        for (const auto& endpoint : endpoints_of(name, upstream, known))
            for (auto& member : members_of(endpoint.address, known)) {
                EndpointName key{name, std::move(member.identity)};
                if (upstream.health.type == config::Health::Type::none) {
                    up_.insert(std::move(key));
                    continue;
                }
                CheckBy by{upstream.send_proxy_protocol, tls[name], nullptr, upstream.protocol, name};
                if (const auto program = model.process.checks.find(upstream.health.check);
                    program != model.process.checks.end())
                    by.program = program->second;
                if (by.tls) by.sessions = std::make_shared<switchyard::net::TlsSessions>();
                unknown_.insert(key);
                const bool soon = first.contains(key);
                One one{std::move(key), std::move(member.to), endpoint.address, upstream.health, std::move(by)};
                soon ? waiting_.push_front(std::move(one)) : waiting_.push_back(std::move(one));
            }
}

void Checks::begin(const asio::any_io_executor& executor) {
    for (std::size_t i = 0; i < std::min(kAtOnce, waiting_.size()); ++i)
        asio::co_spawn(executor, work(), asio::detached);
}

asio::awaitable<void> Checks::work() {
    for (;;) {
        while (!waiting_.empty()) {
            One one = std::move(waiting_.front());
            waiting_.pop_front();
            co_await check(one);
        }
        if (again_.empty()) co_return;
        asio::steady_timer pause(co_await asio::this_coro::executor, kAgain);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        waiting_.insert(waiting_.end(), std::move_iterator(again_.begin()), std::move_iterator(again_.end()));
        again_.clear();
    }
}

// What is lacking on this side is no verdict.
asio::awaitable<void> Checks::check(One& one) {
    CheckResult result;
    try {
        result = co_await check_endpoint(one.address, one.configured, one.health, one.by);
    } catch (const std::exception& error) {
        result.detail = error.what();
    }
    if (result.ok) {
        unknown_.erase(one.name);
        down_.erase(one.name);
        up_.insert(std::move(one.name));
        co_return;
    }
    if (!result.says_nothing) {
        unknown_.erase(one.name);
        down_[one.name] = std::move(result.detail);
    }
    again_.push_back(std::move(one));
}

}  // namespace switchyard::control
