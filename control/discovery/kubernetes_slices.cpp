#include "control/discovery/kubernetes_slices.h"

#include <fmt/format.h>

#include <utility>

#include "control/discovery/document.h"

namespace switchyard::control::discovery {
namespace {

constexpr int kGone = 410;
constexpr int kShownLine = 60;

bool truth(const Json& value, bool otherwise) {
    return value.is_boolean() ? value.get<bool>() : otherwise;
}

// Its number in this slice; 0: there is no such port.
std::uint16_t port_in(const Json& slice, const std::string& wanted) {
    const auto& ports = part(slice, "ports");
    if (!ports.is_array()) return 0;
    for (const auto& port : ports) {
        const auto& number = part(port, "port");
        if (!number.is_number_unsigned() || number > 65535) continue;
        const auto value = number.get<std::uint16_t>();
        if (wanted.empty() ? ports.size() == 1 : text(part(port, "name")) == wanted || std::to_string(value) == wanted)
            return value;
    }
    return 0;
}

}  // namespace

KubernetesSlices::Slice KubernetesSlices::slice(const void* json) const {
    const auto& object = *static_cast<const Json*>(json);
    Slice out;
    const auto type = text(part(object, "addressType"));
    if (type != "IPv4" && type != "IPv6") return out;
    const auto& endpoints = part(object, "endpoints");
    if (!endpoints.is_array() || endpoints.empty()) return out;
    const auto port = port_in(object, port_);
    out.port_missing = port == 0;
    if (port == 0) return out;
    for (const auto& endpoint : endpoints) {
        const auto& conditions = part(endpoint, "conditions");
        const bool ready = truth(part(conditions, "ready"), true);
        const bool serving = truth(part(conditions, "serving"), ready);
        const bool terminating = truth(part(conditions, "terminating"), false);
        if (terminating && !serving) continue;
        for (const auto& address : part(endpoint, "addresses")) {
            Found found;
            found.address = {type == "IPv4" ? config::Address::Kind::ipv4 : config::Address::Kind::ipv6, text(address),
                             port};
            found.draining = terminating;
            found.down = !terminating && !ready;
            out.found.push_back(std::move(found));
        }
    }
    return out;
}

KubernetesSlices::Read KubernetesSlices::list(std::string_view body, bool goes_on, std::string* why) {
    const auto document = parsed(body);
    const auto& items = part(document, "items");
    const auto version = text(part(part(document, "metadata"), "resourceVersion"));
    if ((!items.is_array() && !items.is_null()) || version.empty()) {
        *why = "the answer is no list of EndpointSlices: half of it, or not Kubernetes'";
        return Read::broken;
    }
    if (!goes_on) slices_.clear();
    for (const auto& item : items) slices_[text(part(part(item, "metadata"), "name"))] = slice(&item);
    version_ = version;
    next_ = text(part(part(document, "metadata"), "continue"));
    return Read::changed;
}

KubernetesSlices::Read KubernetesSlices::event(std::string_view line, std::string* why) {
    const auto document = parsed(line);
    const auto type = text(part(document, "type"));
    const auto& object = part(document, "object");
    if (type == "ERROR") {
        const auto& code = part(object, "code");
        if (code.is_number_integer() && code == kGone) return Read::stale;
        *why = fmt::format("the watch ended: {}", text(part(object, "message")));
        return Read::broken;
    }
    const auto version = text(part(part(object, "metadata"), "resourceVersion"));
    if (version.empty()) {
        *why = fmt::format("the watch says what is no event: {:.{}}", line, kShownLine);
        return Read::broken;
    }
    version_ = version;
    if (type == "BOOKMARK") return Read::same;
    const auto name = text(part(part(object, "metadata"), "name"));
    if (type == "DELETED")
        slices_.erase(name);
    else if (type == "ADDED" || type == "MODIFIED")
        slices_[name] = slice(&object);
    else
        return Read::same;  // of another version of the API
    return Read::changed;
}

Sighting KubernetesSlices::sighting() const {
    Sighting out;
    out.complete = true;
    bool missing = false;
    for (const auto& [name, slice] : slices_) {
        missing = missing || slice.port_missing;
        out.found.insert(out.found.end(), slice.found.begin(), slice.found.end());
    }
    if (out.found.empty() && missing)
        return Sighting::failed(port_.empty() ? "the service has several ports: name one"
                                              : fmt::format("the service has no port {}", port_));
    return out;
}

}  // namespace switchyard::control::discovery
