#include "control/discovery/list_text.h"

#include <fmt/format.h>

#include "config/model/limits.h"
#include "control/discovery/document.h"

namespace switchyard::control::discovery {
namespace {

std::optional<Found> read_address(const Json& value, std::string* why) {
    const auto text = value.is_string() ? value.get<std::string>() : std::string();
    std::string no = "expected an address with a port, such as 10.0.0.7:9002";
    const auto address = value.is_string() ? config::Address::parse(text, &no) : std::nullopt;
    if (!address) {
        *why = value.is_string() ? fmt::format("\"{}\": {}", text, no) : no;
        return std::nullopt;
    }
    Found out;
    out.address = *address;
    return out;
}

bool read_weight(const Json& value, std::uint32_t& out) {
    if (!value.is_number_integer() || value < 0 || value > config::limits::kEndpointWeight) return false;
    out = value.get<std::uint32_t>();
    return true;
}

std::optional<Found> read_value(const Json& value, std::string* why) {
    if (!value.is_object()) return read_address(value, why);
    auto out = read_address(value.value("address", Json()), why);
    if (!out) return std::nullopt;
    for (const auto& [key, part] : value.items()) {
        if (key == "address") continue;
        if (key == "weight" && read_weight(part, out->weight)) continue;
        if (key == "backup" && part.is_boolean()) {
            out->backup = part.get<bool>();
            continue;
        }
        if (key == "state" && (part == "up" || part == "drain")) {
            out->draining = part == "drain";
            continue;
        }
        *why = key == "weight"
                   ? fmt::format("weight: expected a whole number from 0 to {}", config::limits::kEndpointWeight)
               : key == "backup" ? std::string("backup: expected true or false")
               : key == "state"  ? std::string("state: expected up or drain")
                                 : fmt::format("unknown key \"{}\": there are address, weight, backup and state", key);
        return std::nullopt;
    }
    return out;
}

}  // namespace

Sighting read_list(std::string_view text) {
    const auto document = parsed(text);
    if (document.is_discarded()) return Sighting::failed("it is not valid JSON: half written, or not JSON at all");
    if (!document.is_array()) return Sighting::failed("expected a JSON list of addresses");
    std::vector<Found> found;
    for (std::size_t i = 0; i < document.size(); ++i) {
        std::string why;
        auto one = read_value(document[i], &why);
        if (!one) return Sighting::failed(fmt::format("entry {}: {}", i, why));
        found.push_back(std::move(*one));
    }
    return Sighting::of(std::move(found));
}

std::optional<Found> read_one(std::string_view text, std::string* why) {
    const auto document = parsed(text);
    // A bare address is not JSON; a person who writes a key by hand writes one.
    return read_value(document.is_discarded() ? Json(std::string(text)) : document, why);
}

}  // namespace switchyard::control::discovery
