// What a rollout sees of the routes, upstreams and endpoints there are.
//
// Threads: control. What is answered holds for the moment: nothing here tells of changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::control::rollout {

// Which endpoints of an upstream could be asked right now.
struct UpstreamHealth {
    std::uint32_t endpoints = 0;
    std::uint32_t usable = 0;   // wanted up, with a weight, found up by its checks, not ejected
    std::uint32_t unknown = 0;  // not checked yet
    std::vector<std::pair<std::string, std::string>> down;         // the others: address, and why as far as it is known
    std::uint32_t wanted = 0;                                      // that are to serve, whether they can or not
    std::vector<std::pair<std::string, std::string>> taken_out{};  // of those: by checks or ejection, not by a person
};

class World {
  public:
    virtual ~World() = default;
    // The numbers by which workers count.
    virtual std::uint32_t route_id(const std::string& name) const = 0;
    virtual std::uint32_t upstream_id(const std::string& name) const = 0;
    // Upstream and address of an endpoint by its number.
    virtual std::optional<std::pair<std::string, std::string>> endpoint(std::uint32_t id) const = 0;
    virtual bool usable(const std::string& upstream) const = 0;            // any of it; asked with every look
    virtual UpstreamHealth health(const std::string& upstream) const = 0;  // the whole story
};

}  // namespace switchyard::control::rollout
