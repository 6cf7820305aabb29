#include "control/discovery/runner/dns_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/discovery/runner/chance.h"

namespace switchyard::control::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Family = AddressBook::Family;

config::Address address_of(const std::string& host, std::uint16_t port) {
    using Kind = config::Address::Kind;
    return {host.find(':') == std::string::npos ? Kind::ipv4 : Kind::ipv6, host, port};
}

// What several questions about one name say together.
struct Together {
    std::vector<std::string> addresses;
    bool whole = true;
    std::string why;
};
template <class Answers>
Together together(const Answers& answers) {
    Together out;
    for (const auto& [answer, brings] : answers) {
        out.addresses.insert(out.addresses.end(), answer.addresses.begin(), answer.addresses.end());
        if (answer.complete) continue;
        out.why = answer.why;
        out.whole = out.whole && !brings;
    }
    out.whole = out.whole && (!out.addresses.empty() || out.why.empty());
    return out;
}

}  // namespace

DnsSource::DnsSource(const Surroundings& around, config::Discover discover, const config::Discovery& rules)
    : discover_(std::move(discover)),
      rules_(rules),
      own_servers_(!around.resolver.servers.empty()),
      client_(around.executor, around.resolver),
      timer_(around.executor) {}

void DnsSource::start(Heard heard) {
    heard_ = std::move(heard);
    ask();
}

void DnsSource::look() {
    if (!asking_) ask();
}

void DnsSource::ask() {
    asking_ = true;
    timer_.cancel();
    if (!own_servers_ && (failures_ > 0 || steady_clock::now() - renewed_ >= kRenew)) {
        renewed_ = steady_clock::now();
        client_.renew();
    }
    auto look = std::make_shared<Look>();
    look->ttl = rules_.max_ttl;
    if (discover_.dns) return resolve(look, {discover_.dns->name});
    client_.ask_services(discover_.srv->name, [this, look](SrvAnswer answer) {
        if (!answer.complete) return done(Sighting::failed(answer.why), milliseconds{0});
        if (answer.records.size() > kMostTargets)
            return done(Sighting::failed(fmt::format("{} services; at most {}", answer.records.size(), kMostTargets)),
                        milliseconds{0});
        if (answer.records.empty()) return done(Sighting::of({}), kNothing);
        look->ttl = std::min<milliseconds>(look->ttl, answer.ttl);
        look->services = std::move(answer.records);
        std::set<std::string> targets;
        for (const auto& service : look->services) targets.insert(service.target);
        resolve(look, targets);
    });
}

void DnsSource::resolve(std::shared_ptr<Look> look, const std::set<std::string>& names) {
    std::vector<Family> families{Family::v4, Family::v6};
    if (discover_.dns && discover_.dns->family == "ipv4") families = {Family::v4};
    if (discover_.dns && discover_.dns->family == "ipv6") families = {Family::v6};
    look->waiting = names.size() * families.size();
    for (const auto& name : names)
        for (const auto family : families)
            client_.ask(name, family, [this, look, name, family](AddressBook::Answer answer) {
                if (answer.complete && !answer.addresses.empty())
                    look->ttl = std::min<milliseconds>(look->ttl, answer.ttl);
                const std::pair question{name, family};
                if (answer.complete && answer.addresses.empty()) bring_.erase(question);
                if (answer.complete && !answer.addresses.empty()) bring_.insert(question);
                look->answers[name].push_back({std::move(answer), bring_.contains(question)});
                if (--look->waiting == 0) finish(*look);
            });
}

void DnsSource::finish(const Look& look) {
    // The client reads one more than the bound and no further: what is beyond it would be missing unsaid.
    for (const auto& [name, answers] : look.answers)
        for (const auto& [answer, brings] : answers)
            if (answer.addresses.size() > AddressBook::kMostAddresses)
                return done(
                    Sighting::failed(fmt::format("{} has more than {} addresses of one family, which is the most "
                                                 "that is read; spread them over the targets of an SRV record",
                                                 name, AddressBook::kMostAddresses)),
                    milliseconds{0});
    Sighting out;
    out.complete = out.in_parts = true;
    std::string why;
    if (discover_.dns) {
        const auto all = together(look.answers.at(discover_.dns->name));
        out.may_remove = all.whole;
        why = all.why;
        for (const auto& host : all.addresses) out.found.push_back({address_of(host, discover_.dns->port)});
    }
    std::uint16_t first = 0xffff;
    for (const auto& service : look.services) first = std::min(first, service.priority);
    for (const auto& service : look.services) {
        const auto all = together(look.answers.at(service.target));
        // A target that has no address is a mistake in the zone, not an endpoint less.
        const bool known = all.whole && !all.addresses.empty();
        out.may_remove = out.may_remove && known;
        if (!known) why = fmt::format("{}: {}", service.target, all.why.empty() ? "no address" : all.why);
        for (const auto& host : all.addresses) {
            Found found;
            found.address = address_of(host, service.port);
            found.weight = std::max<std::uint32_t>(service.weight, 1);
            found.backup = service.priority != first;
            out.found.push_back(std::move(found));
        }
    }
    if (out.found.empty() && !out.may_remove) return done(Sighting::failed(std::move(why)), milliseconds{0});
    // The more important record of an address counts.
    std::ranges::stable_sort(out.found, {}, &Found::backup);
    done(std::move(out), out.found.empty() ? kNothing : look.ttl);
}

void DnsSource::done(Sighting sighting, milliseconds ttl) {
    asking_ = false;
    if (sighting.complete) {
        failures_ = 0;
        arm(less_up_to(0.1, std::clamp<milliseconds>(ttl, rules_.min_ttl, rules_.max_ttl)));
    } else {
        const auto doubled = kFirstRetry * (1U << std::min(failures_++, 5U));
        arm(less_up_to(0.5, std::min<milliseconds>(doubled, kLastRetry)));
    }
    heard_(std::move(sighting));
}

void DnsSource::arm(milliseconds pause) {
    timer_.expires_after(pause);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired() && !asking_) ask();
    });
}

}  // namespace switchyard::control::discovery
