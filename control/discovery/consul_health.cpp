#include "control/discovery/consul_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/model/limits.h"
#include "control/discovery/document.h"

namespace switchyard::control::discovery {
namespace {

constexpr std::uint64_t kLongWithoutLeader = 10'000;  // ms since the server last heard of one
constexpr std::size_t kShownBody = 200;

std::string header(const ConsulReply& reply, const char* name) {
    const auto it = reply.headers.find(name);
    return it == reply.headers.end() ? std::string() : it->second;
}

std::uint64_t number(const std::string& text) {
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::uint32_t weight_of(const Json& service, bool warns) {
    const auto& weight = part(part(service, "Weights"), warns ? "Warning" : "Passing");
    if (!weight.is_number_integer() || weight < 0) return 1;
    return static_cast<std::uint32_t>(
        std::min<std::int64_t>(weight.get<std::int64_t>(), config::limits::kEndpointWeight));
}

std::string read_instance(const Json& instance, Found& out) {
    const auto& service = part(instance, "Service");
    auto host = text(part(service, "Address"));
    if (host.empty()) host = text(part(part(instance, "Node"), "Address"));
    const auto& port = part(service, "Port");
    if (host.empty() || !port.is_number_unsigned()) return "an instance without an address or a port";
    const bool v6 = host.find(':') != std::string::npos;
    std::string why;
    const auto address =
        config::Address::parse(fmt::format("{}:{}", v6 ? '[' + host + ']' : host, port.get<std::uint64_t>()), &why);
    if (!address) return fmt::format("instance {}: {}", text(part(service, "ID")), why);
    out.address = *address;
    bool warns = false;
    for (const auto& check : part(instance, "Checks")) {
        const auto status = text(part(check, "Status"));
        out.down = out.down || status == "critical" || status == "maintenance";
        warns = warns || status == "warning";
    }
    out.weight = weight_of(service, warns);
    return {};
}

Sighting read_body(const ConsulReply& reply) {
    if (reply.status != 200) {
        auto why = reply.body.substr(0, kShownBody);
        std::ranges::replace(why, '\n', ' ');
        return Sighting::failed(fmt::format("{} {}", reply.status, why));
    }
    // An ACL token that has expired gets 200 and a list of nothing.
    if (header(reply, "x-consul-results-filtered-by-acls") == "true")
        return Sighting::failed("the token may not see all of it: results were filtered by ACLs");
    const auto document = parsed(reply.body);
    if (!document.is_array()) return Sighting::failed("the answer is no list: half of it, or not Consul's");
    Sighting out;
    out.complete = true;
    for (const auto& instance : document) {
        Found found;
        if (auto why = read_instance(instance, found); !why.empty()) return Sighting::failed(why);
        out.found.push_back(std::move(found));
    }
    out.may_remove = header(reply, "x-consul-knownleader") != "false" &&
                     number(header(reply, "x-consul-lastcontact")) <= kLongWithoutLeader;
    return out;
}

}  // namespace

ConsulSight read_consul(const ConsulReply& reply, std::uint64_t asked) {
    ConsulSight out;
    out.sighting = read_body(reply);
    if (!out.sighting.complete) return out;
    const auto index = number(header(reply, "x-consul-index"));
    out.index = index < asked ? 0 : index;
    return out;
}

}  // namespace switchyard::control::discovery
