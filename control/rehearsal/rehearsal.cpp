#include "control/rehearsal/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "config/fields/render.h"
#include "config/model.h"
#include "config/parse.h"
#include "control/certificates/certificates.h"
#include "control/rehearsal/questions.h"
#include "control/rehearsal/trial.h"
#include "control/rollout/runner/holders.h"
#include "control/store/store.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/registry.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;

// Opened as the real one will be: brought to this version's tables.
Result<std::unique_ptr<Store>> open_copy(const Json& message, std::uint64_t generation) {
    auto copy = Store::open(message.value("copy", ""));
    if (!copy) return copy.error();
    if (!copy->notice.empty()) return problems::internal(copy->notice);
    const auto newest = copy->store->newest();
    if (!newest) return newest.error();
    if (!*newest || (*newest)->number != generation)
        return problems::internal(fmt::format("the copy of the store does not end with generation {}", generation));
    return std::move(copy->store);
}

Result<config::Model> read_config(const Json& message) {
    auto parsed = config::parse_stored(message.value("config", ""));
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    if (const auto again = config::parse_stored(config::render_text(*parsed.model)); again.model != parsed.model)
        return problems::internal("what is in force does not outlive being written and read again by this version");
    return std::move(*parsed.model);
}

Result<std::size_t> ask(std::shared_ptr<const config::Model> model, const Json& message, const TrialOrder& order,
                        std::vector<std::pair<switchyard::net::Descriptor, std::string>> sockets) {
    Registry registry(order.workers);
    for (auto& [fd, name] : sockets) registry.passed().add(std::move(fd), name);
    // Those that are in force need not be there any more: the real ones cross.
    excuse_certificates(*model, registry.certificates());
    auto compiled = compile(std::move(model), order.generation, registry, order.known, order.led);
    if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
    auto moment = Moment::now();
    moment.wall_seconds = message.value("asked_at", moment.wall_seconds);  // a token may have ended since
    return answer_alike(*compiled.snapshot, message.value("questions", Json::array()), moment);
}

Json report_of(std::size_t asked, const TrialSight& sight) {
    Json out = {{"requests", asked},
                {"listeners", sight.listeners.size()},
                {"endpoints_up", sight.up.size()},
                {"endpoints_down", Json::array()}};
    for (const auto& [endpoint, why] : sight.down)
        out["endpoints_down"].push_back(fmt::format("{} of {}: {}", endpoint.second, endpoint.first, why));
    return out;
}

}  // namespace

Json known_text(const KnownAddresses& known) {
    Json discovered = Json::object();
    for (const auto& [upstream, endpoints] : known.discovered)
        for (const auto& each : endpoints) discovered[upstream].push_back(each.address.text());
    return {{"names", known.of}, {"discovered", std::move(discovered)}};
}

KnownAddresses known_of(const Json& text) {
    KnownAddresses out;
    if (!text.is_object()) return out;
    const auto names = text.value("names", Json::object()), discovered = text.value("discovered", Json::object());
    for (const auto& [name, addresses] : names.items()) out.of[name] = addresses.get<std::vector<std::string>>();
    for (const auto& [upstream, addresses] : discovered.items())
        for (const auto& each : addresses)
            if (const auto address = config::Address::parse(each.get<std::string>())) {
                config::Endpoint endpoint;
                endpoint.address = *address;
                out.discovered[upstream].push_back(std::move(endpoint));
            }
    return out;
}

Result<Json> rehearse(const Json& message,
                      std::vector<std::pair<switchyard::net::Descriptor, std::string>> sockets) try {
    TrialOrder order;
    order.generation = message.value("generation", std::uint64_t{0});
    order.workers = message.value("workers", 1U);
    order.folder = std::filesystem::path(message.value("copy", "")).parent_path();
    const auto copy = open_copy(message, order.generation);
    if (!copy) return copy.error();
    const auto model = read_config(message);
    if (!model) return model.error();
    const auto journals = (*copy)->journals();
    if (!journals) return journals.error();
    for (const auto& [route, by] : rollout::holders(*journals)) order.led.to.emplace(route, by.to);
    order.known = known_of(message.value("known", Json()));
    for (const auto& each : message.value("up", Json::array()))
        order.up.emplace(each.at(0).get<std::string>(), each.at(1).get<std::string>());
    const auto asked = ask(std::make_shared<const config::Model>(*model), message, order, std::move(sockets));
    if (!asked) return asked.error();
    const auto sight = try_out(*model, order);
    if (!sight) return sight.error();
    return report_of(*asked, *sight);
} catch (const nlohmann::json::exception& wrong) {
    return problems::internal(fmt::format("what the running version asks for is not understood: {}", wrong.what()));
}

}  // namespace switchyard::control
