#include "control/discovery/runner/consul_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/model/secret_value.h"
#include "control/discovery/consul_health.h"
#include "control/discovery/runner/chance.h"
#include "control/discovery/runner/url_part.h"

namespace switchyard::control::discovery {

using std::chrono::milliseconds;

ConsulSource::ConsulSource(const Surroundings& around, config::DiscoverConsul what)
    : server_(around.sources.consul),
      what_(std::move(what)),
      client_(around.executor, {server_.url, server_.ca_file}),
      side_(around.executor, {server_.url, server_.ca_file}),
      timer_(around.executor) {}

void ConsulSource::start(Heard heard) {
    heard_ = std::move(heard);
    ask();
}

void ConsulSource::look() {
    side_.ask(call(0), [this](net::HttpAnswer answer) { heard(std::move(answer), false); });
}

net::HttpCall ConsulSource::call(std::uint64_t index) const {
    net::HttpCall out;
    out.target = fmt::format("/v1/health/service/{}?", url_part(what_.service));
    if (index > 0) out.target += fmt::format("index={}&wait={}s&", index, kWait.count());
    if (!what_.datacenter.empty()) out.target += fmt::format("dc={}&", url_part(what_.datacenter));
    for (const auto& tag : what_.tags) out.target += fmt::format("tag={}&", url_part(tag));
    out.target.pop_back();
    std::string why;
    if (!server_.token.empty())
        if (const auto token = config::secret_value(server_.token, &why)) out.headers = {{"X-Consul-Token", *token}};
    if (index > 0) out.limit = kWait + kWait / 16 + kSpare;
    return out;
}

void ConsulSource::ask() {
    client_.ask(call(index_), [this](net::HttpAnswer answer) { heard(std::move(answer), true); });
}

void ConsulSource::heard(net::HttpAnswer answer, bool waited) {
    if (answer.status == 0) {
        if (waited) {
            index_ = 0;
            ask_after(
                less_up_to(0.5, std::min<milliseconds>(kFirstRetry * (1U << std::min(failures_++, 5U)), kLastRetry)));
        }
        return heard_(Sighting::failed(std::move(answer.error)));
    }
    auto sight = read_consul({answer.status, std::move(answer.headers), std::move(answer.body)}, waited ? index_ : 0);
    if (waited && sight.sighting.complete) {
        failures_ = 0;
        index_ = sight.index;
        ask_after(index_ > 0 ? kPause : milliseconds(kFirstRetry));
    } else if (waited) {
        index_ = 0;
        ask_after(less_up_to(0.5, std::min<milliseconds>(kFirstRetry * (1U << std::min(failures_++, 5U)), kLastRetry)));
    }
    heard_(std::move(sight.sighting));
}

void ConsulSource::ask_after(milliseconds pause) {
    timer_.expires_after(pause);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) ask();
    });
}

}  // namespace switchyard::control::discovery
