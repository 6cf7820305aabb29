#include "control/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "config/fields/render.h"
#include "config/parse.h"
#include "control/certificates/certificates.h"
#include "control/store/store.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/registry.h"

namespace switchyard::control {

Result<void> rehearse(const nlohmann::ordered_json& message,
                      std::vector<std::pair<switchyard::net::Descriptor, std::string>> sockets) {
    // Opened as the real one will be: brought to this version's tables.
    const auto copy = Store::open(message.value("copy", ""));
    if (!copy) return copy.error();
    if (!copy->notice.empty()) return problems::internal(copy->notice);
    const auto newest = copy->store->newest();
    if (!newest) return newest.error();
    const auto generation = message.value("generation", std::uint64_t{0});
    if (!*newest || (*newest)->number != generation)
        return problems::internal(fmt::format("the copy of the store does not end with generation {}", generation));
    auto parsed = config::parse_stored(message.value("config", ""));
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    if (const auto again = config::parse_stored(config::render_text(*parsed.model)); again.model != parsed.model)
        return problems::internal("what is in force does not outlive being written and read again by this version");
    Registry registry(message.value("workers", 1U));
    for (auto& [fd, name] : sockets) registry.passed().add(std::move(fd), name);
    // Those that are in force need not be there any more: the real ones cross.
    excuse_certificates(*parsed.model, registry.certificates());
    auto compiled =
        compile(std::make_shared<const config::Model>(std::move(*parsed.model)), generation, registry, {}, {});
    if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
    return {};
}

}  // namespace switchyard::control
