#include "control/edits/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/fields/render.h"
#include "config/parse.h"

namespace switchyard::control::edits {
namespace {

using Json = nlohmann::ordered_json;

// Whether it is one that was discovered, or once was and has an override.
bool is_discovered(const config::Model& model, const Facts& facts, const std::string& upstream,
                   const std::string& address) {
    const auto it = model.upstreams.find(upstream);
    if (it == model.upstreams.end() || !it->second.discover) return false;
    const auto is_it = [&](const config::Endpoint& endpoint) { return endpoint.address.text() == address; };
    if (std::ranges::any_of(it->second.endpoints, is_it)) return false;
    const auto found = facts.find(upstream);
    return it->second.endpoint_overrides.contains(address) ||
           (found != facts.end() && std::ranges::any_of(found->second.discovered, is_it));
}

// Of one that is neither written nor discovered: its fellows are all told.
Problem unknown_endpoint(const config::Model& model, const Facts& facts, const std::string& upstream,
                         const std::string& address) {
    auto written = endpoint_index(model, upstream, address).error();
    const auto found = facts.find(upstream);
    if (found == facts.end() || found->second.discovered.empty()) return written;
    for (const auto& endpoint : found->second.discovered) written.detail += ", " + endpoint.address.text();
    return written;
}

// An override that says nothing is none.
void keep_override(config::Upstream& upstream, const std::string& address, const config::EndpointOverride& wanted) {
    if (wanted == config::EndpointOverride{})
        upstream.endpoint_overrides.erase(address);
    else
        upstream.endpoint_overrides[address] = wanted;
}

bool says_only_override(const nlohmann::ordered_json& settings) {
    for (const auto& [key, value] : settings.items())
        if (key != "address" && key != "state" && key != "weight") return false;
    return true;
}

}  // namespace

Result<config::Model> apply(const config::Model& model, const Facts& facts, const PutEndpoint& wanted) {
    if (auto why = unknown_upstream(model, wanted.upstream); !why.empty()) return problems::not_found(std::move(why));
    std::string why;
    const auto address = config::Address::parse(wanted.address, &why);
    if (!address) return problems::invalid({config::Error{"/address", why}});
    if (!wanted.settings->is_object()) return problems::bad_request("the endpoint's settings must be a JSON object");

    nlohmann::ordered_json endpoint;
    endpoint["address"] = address->text();
    for (const auto& [key, value] : wanted.settings->items()) {
        if (key != "address") {
            endpoint[key] = value;
        } else if (const auto said =
                       value.is_string() ? config::Address::parse(value.get<std::string>()) : std::nullopt;
                   !said || *said != *address) {
            return problems::invalid({config::Error{
                "/address", fmt::format("is not {}, which this is about; remove that endpoint and add the other",
                                        address->text())}});
        }
    }

    // Through the parser of the whole document, so that every rule and every message of the configuration holds.
    auto document = config::render(model);
    auto& upstream = document["upstreams"][wanted.upstream];
    if (is_discovered(model, facts, wanted.upstream, address->text()) && says_only_override(*wanted.settings)) {
        endpoint.erase("address");
        if (endpoint.value("state", Json()) == "up") endpoint.erase("state");
        if (!endpoint.empty())
            upstream["endpoint_overrides"][address->text()] = std::move(endpoint);
        else if (upstream.contains("endpoint_overrides"))
            upstream["endpoint_overrides"].erase(address->text());
        auto parsed = config::parse(document);
        if (!parsed.model) return problems::invalid(std::move(parsed.errors));
        return std::move(*parsed.model);
    }
    auto& endpoints = upstream["endpoints"];
    const auto index = endpoint_index(model, wanted.upstream, address->text());
    if (index)
        endpoints[*index] = std::move(endpoint);
    else
        endpoints.push_back(std::move(endpoint));
    auto parsed = config::parse(document);
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    return std::move(*parsed.model);
}

Result<config::Model> apply(const config::Model& model, const Facts& facts, const RemoveEndpoint& wanted) {
    config::Model next = model;
    if (is_discovered(model, facts, wanted.upstream, wanted.address)) {
        if (next.upstreams.at(wanted.upstream).endpoint_overrides.erase(wanted.address) > 0) return next;
        return problems::conflict(
            fmt::format("{} is discovered: what takes it out of upstream {} is its source, or `switchyard endpoint "
                        "maint {} {}`; nothing was changed",
                        wanted.address, wanted.upstream, wanted.upstream, wanted.address));
    }
    const auto index = endpoint_index(model, wanted.upstream, wanted.address);
    if (!index) return unknown_endpoint(model, facts, wanted.upstream, wanted.address);
    auto& endpoints = next.upstreams.at(wanted.upstream).endpoints;
    endpoints.erase(endpoints.begin() + static_cast<std::ptrdiff_t>(*index));
    return next;
}

Result<config::Model> apply(const config::Model& model, const Facts& facts, const SetEndpointState& wanted) {
    config::Model next = model;
    if (is_discovered(model, facts, wanted.upstream, wanted.address)) {
        auto& upstream = next.upstreams.at(wanted.upstream);
        const auto was = upstream.endpoint_overrides.find(wanted.address);
        auto now = was == upstream.endpoint_overrides.end() ? config::EndpointOverride{} : was->second;
        now.state = wanted.state;
        keep_override(upstream, wanted.address, now);
        return next;
    }
    const auto index = endpoint_index(model, wanted.upstream, wanted.address);
    if (!index) return unknown_endpoint(model, facts, wanted.upstream, wanted.address);
    next.upstreams.at(wanted.upstream).endpoints[*index].state = wanted.state;
    return next;
}

}  // namespace switchyard::control::edits
