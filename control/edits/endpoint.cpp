#include "control/edits/endpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/parse.h"
#include "config/render.h"

namespace switchyard::control::edits {

Result<config::Model> apply(const config::Model& model, const Facts&, const PutEndpoint& wanted) {
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
    auto& endpoints = document["upstreams"][wanted.upstream]["endpoints"];
    const auto index = endpoint_index(model, wanted.upstream, address->text());
    if (index)
        endpoints[*index] = std::move(endpoint);
    else
        endpoints.push_back(std::move(endpoint));
    auto parsed = config::parse(document);
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    return std::move(*parsed.model);
}

Result<config::Model> apply(const config::Model& model, const Facts&, const RemoveEndpoint& wanted) {
    const auto index = endpoint_index(model, wanted.upstream, wanted.address);
    if (!index) return index.error();
    config::Model next = model;
    auto& endpoints = next.upstreams.at(wanted.upstream).endpoints;
    endpoints.erase(endpoints.begin() + static_cast<std::ptrdiff_t>(*index));
    return next;
}

Result<config::Model> apply(const config::Model& model, const Facts&, const SetEndpointState& wanted) {
    const auto index = endpoint_index(model, wanted.upstream, wanted.address);
    if (!index) return index.error();
    config::Model next = model;
    next.upstreams.at(wanted.upstream).endpoints[*index].state = wanted.state;
    return next;
}

}  // namespace switchyard::control::edits
