#include "control/watch/ejection.h"

#include <utility>

#include "config/model.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {

using std::chrono::steady_clock;

Ejection::Ejection(boost::asio::any_io_executor executor, FindEndpoint find, std::function<void(Change)> changed)
    : find_(std::move(find)), changed_(std::move(changed)), timer_(std::move(executor)) {}

void Ejection::stop() {
    stopped_ = true;
    timer_.cancel();
}

Ejection::Past Ejection::past() const {
    Past out;
    out.total = total_;
    for (const auto& [name, rule] : rules_)
        for (const auto& [id, past] : rule.pasts())
            if (const auto it = endpoints_.find(id); it != endpoints_.end())
                out.standings[{it->second->upstream, it->second->address}] = past;
    return out;
}

void Ejection::begin_with(Past past) {
    before_ = std::move(past.standings);
    total_ = std::move(past.total);
}

void Ejection::follow(const config::Model& model, const KnownAddresses& known) {
    Endpoints now;
    std::map<std::string, EjectionRule> rules;
    for (const auto& [name, upstream] : model.upstreams) {
        std::vector<std::uint32_t> ids;
        for (const auto& endpoint : endpoints_of(name, upstream, known))
            for (const auto& member : members_of(endpoint.address, known)) {
                auto state = find_(name, member.identity);
                ids.push_back(state->id);
                now.emplace(state->id, std::move(state));
            }
        auto node = rules_.extract(name);
        auto& rule = node ? rules.insert(std::move(node)).position->second : rules[name];
        rule.configure(upstream.ejection, ids);
        for (const auto id : ids) {
            const auto& state = now.at(id);
            const auto before = before_.extract({state->upstream, state->address});
            if (!before) continue;
            rule.go_on_from(id, before.mapped());
            state->set(upstream::EndpointState::ejected, before.mapped().until.has_value());
        }
    }
    // An endpoint that left while it was out comes back clean, should it ever be configured again.
    for (const auto& [id, state] : endpoints_)
        if (now.count(id) == 0) state->set(upstream::EndpointState::ejected, false);
    endpoints_ = std::move(now);
    rules_ = std::move(rules);
    arm();
}

EjectionRule* Ejection::rule_of(std::uint32_t endpoint) {
    const auto it = endpoints_.find(endpoint);
    if (it == endpoints_.end()) return nullptr;
    const auto rule = rules_.find(it->second->upstream);
    return rule == rules_.end() ? nullptr : &rule->second;
}

void Ejection::suspect(const upstream::Suspect& suspect) {
    if (auto* rule = rule_of(suspect.endpoint))
        if (const auto verdict = rule->suspect(suspect.endpoint, suspect.consecutive, steady_clock::now()))
            take_out(*verdict);
}

void Ejection::counted(const std::vector<EndpointDelta>& growth) {
    for (const auto& delta : growth)
        if (auto* rule = rule_of(delta.endpoint))
            if (const auto verdict = rule->counted(delta.endpoint, delta.counts, steady_clock::now()))
                take_out(*verdict);
}

void Ejection::take_out(const EjectionRule::Verdict& verdict) {
    const auto& state = endpoints_.at(verdict.endpoint);
    state->set(upstream::EndpointState::ejected, true);
    ++total_[{state->upstream, state->address}];
    changed_({state->upstream, state->address, true, verdict.length, verdict.times});
    arm();
}

void Ejection::bring_back() {
    for (auto& [name, rule] : rules_)
        for (const auto id : rule.due(steady_clock::now())) {
            const auto& state = endpoints_.at(id);
            state->up_since_ms.store(
                std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch()).count(),
                std::memory_order_relaxed);
            state->set(upstream::EndpointState::ejected, false);
            changed_({state->upstream, state->address, false, {}, 0});
        }
    arm();
}

void Ejection::arm() {
    std::optional<EjectionRule::Time> next;
    for (const auto& [name, rule] : rules_)
        if (const auto due = rule.next_due(); due && (!next || *due < *next)) next = due;
    timer_.cancel();
    if (!next || stopped_) return;
    timer_.expires_at(*next);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (!ec && !stopped_) bring_back();
    });
}

}  // namespace switchyard::control
