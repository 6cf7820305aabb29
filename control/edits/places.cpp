#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

Result<std::size_t> route_index(const config::Model& model, const std::string& name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < model.routes.size(); ++i) {
        if (model.routes[i].name == name) return i;
        names.push_back(model.routes[i].name);
    }
    return problems::not_found(fmt::format("there is no route {:?}; routes: {}", name, fmt::join(names, ", ")));
}

std::string unknown_upstream(const config::Model& model, const std::string& name) {
    if (model.upstreams.count(name) > 0) return {};
    std::vector<std::string> names;
    for (const auto& [known, upstream] : model.upstreams) names.push_back(known);
    return fmt::format("there is no upstream {:?}; upstreams: {}", name, fmt::join(names, ", "));
}

Result<std::size_t> endpoint_index(const config::Model& model, const std::string& upstream,
                                   const std::string& address) {
    if (auto why = unknown_upstream(model, upstream); !why.empty()) return problems::not_found(std::move(why));
    const auto& endpoints = model.upstreams.at(upstream).endpoints;
    std::vector<std::string> addresses;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        addresses.push_back(endpoints[i].address.text());
        if (addresses.back() == address) return i;
    }
    return problems::not_found(
        fmt::format("upstream {} has no endpoint {:?}; endpoints: {}", upstream, address, fmt::join(addresses, ", ")));
}

}  // namespace switchyard::control::edits
