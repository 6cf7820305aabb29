#include "control/watch/health_checker.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>
#include <random>
#include <string_view>

#include "config/model.h"
#include "control/watch/health_check.h"
#include "proxy/base/log.h"
#include "proxy/net/poller.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The first checks come at once, but not all in the same millisecond.
constexpr milliseconds kFirstSpread{50};

milliseconds between(milliseconds low, milliseconds high) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return milliseconds(std::uniform_int_distribution<milliseconds::rep>(low.count(), high.count())(random));
}

std::int64_t steady_ms() {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

struct HealthChecker::Probe {
    Probe(HealthChecker& owner_, std::string upstream_, Member member, const config::Address& configured_)
        : owner(&owner_),
          upstream(std::move(upstream_)),
          identity(std::move(member.identity)),
          address(std::move(member.to)),
          configured(configured_),
          timer(owner_.executor_) {}

    HealthChecker* owner;  // null once the endpoint is no longer followed
    const std::string upstream;
    const std::string identity;
    const config::Address address;
    const config::Address configured;
    config::Health health;
    std::uint8_t send_proxy_protocol = 0;
    config::EndpointProtocol protocol = config::EndpointProtocol::http1;
    std::optional<config::UpstreamTls> tls;                     // as it is set
    std::shared_ptr<const switchyard::net::OutwardTls> tls_by;  // as it was last made of that
    std::shared_ptr<switchyard::net::TlsSessions> sessions;
    std::shared_ptr<upstream::EndpointState> state;
    HealthRule rule;
    Seen seen;
    steady_clock::time_point began{};  // to be checked
    std::uint64_t life = 0;            // of its checks; each coroutine has one
    CheckBy by();
    bool over(std::uint64_t of) const { return owner == nullptr || life != of; }
    asio::steady_timer timer;
};

// The certificates that it goes by may have been exchanged since the last check.
CheckBy HealthChecker::Probe::by() {
    if (auto now = owner->tls_ ? owner->tls_(upstream) : nullptr; now != tls_by) {
        tls_by = std::move(now);
        sessions = tls_by ? std::make_shared<switchyard::net::TlsSessions>() : nullptr;
    }
    CheckBy out{send_proxy_protocol, tls_by, sessions, protocol, upstream};
    if (health.type == config::Health::Type::exec) out.program = owner->programs_[health.check];
    return out;
}

HealthChecker::HealthChecker(asio::any_io_executor executor, FindEndpoint find, std::function<void(Transition)> changed)
    : executor_(std::move(executor)), find_(std::move(find)), changed_(std::move(changed)) {}

HealthChecker::~HealthChecker() {
    stop();
}

void HealthChecker::stop() {
    for (auto& [key, probe] : probes_) {
        probe->owner = nullptr;
        probe->timer.cancel();
    }
    probes_.clear();
}

HealthChecker::Found HealthChecker::found() const {
    Found out;
    for (const auto& [key, probe] : probes_)
        if (probe->seen.state != HealthRule::State::unknown) out[key] = probe->seen;
    return out;
}

void HealthChecker::follow(const config::Model& model, const KnownAddresses& known) {
    // From now on programs are started at any time, and never less: what checks there are is settled at the start.
    if (programs_.empty() && !model.process.checks.empty()) switchyard::net::copies_of_descriptors(true);
    programs_ = model.process.checks;
    auto old = std::move(probes_);
    probes_.clear();
    for (const auto& [name, upstream] : model.upstreams)
        for (const auto& endpoint : endpoints_of(name, upstream, known))
            for (auto& member : members_of(endpoint.address, known)) {
                const Key key{name, member.identity};
                auto probe = old.extract(key);
                follow(probes_[key] = probe ? std::move(probe.mapped())
                                            : std::make_shared<Probe>(*this, name, std::move(member), endpoint.address),
                       upstream);
            }
    for (auto& [key, probe] : old) {
        probe->owner = nullptr;
        probe->timer.cancel();
    }
}

void HealthChecker::follow(const std::shared_ptr<Probe>& probe, const config::Upstream& upstream) {
    const bool fresh = probe->state == nullptr;
    if (fresh) probe->state = find_(probe->upstream, probe->identity);
    const bool was_checked = !fresh && probe->health.type != config::Health::Type::none;
    const bool changed =
        !fresh && (!(probe->health == upstream.health) || probe->send_proxy_protocol != upstream.send_proxy_protocol ||
                   probe->protocol != upstream.protocol || probe->tls != upstream.tls);
    probe->tls = upstream.tls;
    probe->protocol = upstream.protocol;
    probe->health = upstream.health;
    probe->send_proxy_protocol = upstream.send_proxy_protocol;
    if (upstream.health.type == config::Health::Type::none) {
        ++probe->life;
        probe->timer.cancel();
        probe->rule = HealthRule{};
        probe->seen = {HealthRule::State::up, {}, {}, {}};
        probe->state->set(upstream::EndpointState::up, true);
        probe->state->set(upstream::EndpointState::draining, false);
        return;
    }
    if (!was_checked) {
        // From now on its health is what the checks find. Until the first one a new endpoint is not up; one that served
        // without checks goes on: a setting takes no endpoint out.
        probe->seen = {};
        probe->began = steady_clock::now();
        if (fresh) {
            const auto before = before_.find({probe->upstream, probe->identity});
            if (before != before_.end()) {
                probe->seen = before->second;
                probe->rule.go_on_from(probe->seen.state);
            }
            probe->state->set(upstream::EndpointState::up, probe->seen.state == HealthRule::State::up);
            probe->state->set(upstream::EndpointState::draining, probe->seen.drains);
        }
        asio::co_spawn(executor_, watch(probe, ++probe->life), asio::detached);
    } else if (changed) {
        probe->timer.cancel();  // the new settings hold from the next check on, which comes now
    }
}

// `life`: checks may be taken away and come back while one is under way; the coroutine of before then ends, whenever it
// hears of it.
asio::awaitable<void> HealthChecker::watch(std::shared_ptr<Probe> probe, std::uint64_t life) {
    auto pause = between(milliseconds{0}, kFirstSpread);
    while (true) {
        probe->timer.expires_after(pause);
        // Cancelled: either it is over, or the settings changed and the next check is due now.
        auto [ec] = co_await probe->timer.async_wait(asio::as_tuple(asio::use_awaitable));
        static_cast<void>(ec);
        if (probe->over(life)) co_return;
        const auto interval = probe->health.interval;
        pause = between(interval - interval / 10, interval + interval / 10);
        try {
            const auto began = steady_clock::now();
            auto result = co_await check_endpoint(probe->address, probe->configured, probe->health, probe->by());
            if (probe->over(life)) co_return;
            if (result.says_nothing)
                probe->owner->not_asked(*probe, result.detail);
            else
                probe->owner->finished(
                    *probe, std::move(result),
                    std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began));
        } catch (const std::exception& error) {
            log_error("a check of endpoint {} of {} went wrong: {}; the next one comes as usual", probe->address.text(),
                      probe->upstream, error.what());
        }
    }
}

// What is lacking here is no verdict on the endpoint; the one that it has stays.
void HealthChecker::not_asked(const Probe& probe, const std::string& why) {
    constexpr auto kQuiet = std::chrono::seconds(10);  // one complaint stands for all endpoints
    const auto now = steady_clock::now();
    if (now < quiet_until_) return;
    quiet_until_ = now + kQuiet;
    log_warn("endpoint {} of {} could not be checked: {}", probe.address.text(), probe.upstream, why);
}

void HealthChecker::finished(Probe& probe, CheckResult result, std::chrono::microseconds took) {
    using To = Transition::To;
    auto& counts = counts_[probe.upstream];
    ++(result.ok ? counts.ok : counts.failed);
    const bool starts = steady_clock::now() < probe.began + probe.health.grace;
    const auto turned = probe.rule.result(result.ok, probe.health.rise, probe.health.fall, starts);
    const Seen before = std::move(probe.seen);
    // What it asked for holds until it answers otherwise.
    const bool drains = result.ok ? result.drains : before.drains;
    probe.seen = {probe.rule.state(), result.detail, std::chrono::system_clock::now(), took, drains};
    if (drains != before.drains) probe.state->set(upstream::EndpointState::draining, drains);
    const auto tell = [&](To to) {
        changed_({probe.upstream, probe.identity, probe.seen.state == HealthRule::State::up, result.detail, to});
    };
    if (turned) {
        const bool up = *turned == HealthRule::State::up;
        if (up) probe.state->up_since_ms.store(steady_ms(), std::memory_order_relaxed);
        probe.state->set(upstream::EndpointState::up, up);
        tell(up ? To::up : To::down);
    } else if (probe.seen.state == HealthRule::State::unknown && !before.known()) {
        tell(To::starting);
    }
    if (drains != before.drains) tell(drains ? To::draining : To::taking);
}

const HealthChecker::Seen* HealthChecker::seen(const std::string& upstream, const std::string& member) const {
    const auto it = probes_.find({upstream, member});
    return it == probes_.end() ? nullptr : &it->second->seen;
}

bool HealthChecker::all_checked() const {
    return std::all_of(probes_.begin(), probes_.end(), [](const auto& entry) { return entry.second->seen.known(); });
}

bool HealthChecker::each_upstream_known() const {
    std::map<std::string_view, std::pair<bool, bool>> upstreams;  // by name: some unknown, some up
    for (const auto& [key, probe] : probes_) {
        auto& [unknown, up] = upstreams[probe->upstream];
        unknown = unknown || !probe->seen.known();
        up = up || probe->seen.state == HealthRule::State::up;
    }
    return std::ranges::none_of(upstreams, [](const auto& one) { return one.second.first && !one.second.second; });
}

}  // namespace switchyard::control
