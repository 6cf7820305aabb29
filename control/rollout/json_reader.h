// One object of a rollout document: takes its members by name, collects what is wrong, and reports what was not taken.
//
// Invariants: every wrong place is reported once; a wrong value leaves the default in place.
// Threads: one reader, one thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/error.h"
#include "control/rollout/plan.h"

namespace switchyard::control::rollout {

class ObjectReader {
  public:
    using Json = nlohmann::ordered_json;

    ObjectReader(const Json& json, std::string at, std::vector<config::Error>& errors);

    // Null when it is absent; remembers that the key is known.
    const Json* find(std::string_view key);
    bool required(std::string_view key);  // reports it when absent

    void read(std::string_view key, std::string& out);
    void read(std::string_view key, Duration& out, Duration least = Duration{0});
    void read(std::string_view key, std::uint32_t& out, std::uint32_t least, std::uint32_t most);
    void read(std::string_view key, double& out, double least, double most);

    std::string below(std::string_view key) const;
    void fail(const std::string& pointer, std::string detail) { errors_.push_back({pointer, std::move(detail)}); }
    const std::string& at() const { return at_; }
    bool is_object() const { return json_.is_object(); }

    // After the last read(): reports keys that were not asked for.
    void end();

  private:
    const Json& json_;
    std::string at_;
    std::vector<config::Error>& errors_;
    std::vector<std::string> known_;
};

}  // namespace switchyard::control::rollout
