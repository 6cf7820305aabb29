// An upstream made by hand, and the worker's view of its endpoints.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/upstream/balancer.h"

struct Group : switchyard::upstream::EndpointTable {
    switchyard::upstream::Upstream upstream;
    switchyard::net::Poller poller;
    std::int64_t now_ms = 0;
    std::vector<std::unique_ptr<switchyard::upstream::EndpointLocal>> locals;
    switchyard::upstream::Random random{1};
    switchyard::upstream::ChoiceInput input;

    explicit Group(switchyard::config::Balance::Kind kind, const std::vector<std::uint32_t>& weights) {
        using namespace switchyard::upstream;
        upstream.balance.kind = kind;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            Endpoint endpoint;
            endpoint.text = "10.0.0." + std::to_string(i) + ":80";
            endpoint.state = std::make_shared<EndpointState>(static_cast<std::uint32_t>(i), "app", endpoint.text);
            endpoint.state->set(EndpointState::up, true);
            endpoint.weight = weights[i];
            locals.push_back(std::make_unique<EndpointLocal>(poller, now_ms, endpoint.state));
            upstream.endpoints.push_back(std::move(endpoint));
        }
    }
    switchyard::upstream::EndpointLocal& local(const switchyard::upstream::Endpoint& endpoint) override {
        return *locals[endpoint.state->id];
    }

    switchyard::upstream::Choice claim() { return switchyard::upstream::claim(upstream, *this, random, input); }
    // Claims and gives back at once: 'a' for the first endpoint, '-' for none, '!' for busy.
    char pick() {
        const auto choice = claim();
        if (choice.status == switchyard::upstream::Choice::Status::none) return '-';
        if (choice.status == switchyard::upstream::Choice::Status::busy) return '!';
        switchyard::upstream::release(upstream.endpoints[choice.endpoint]);
        return static_cast<char>('a' + choice.endpoint);
    }
    std::string picks(int count) {
        std::string out;
        for (int i = 0; i < count; ++i) out += pick();
        return out;
    }
    std::uint32_t in_flight(std::size_t i) const { return upstream.endpoints[i].state->in_flight.load(); }
    void set_in_flight(std::size_t i, std::uint32_t count) { upstream.endpoints[i].state->in_flight = count; }
    void down(std::size_t i) { upstream.endpoints[i].state->set(switchyard::upstream::EndpointState::up, false); }
    void eject(std::size_t i) { upstream.endpoints[i].state->set(switchyard::upstream::EndpointState::ejected, true); }
};
