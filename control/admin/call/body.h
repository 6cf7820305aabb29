// Reading the JSON body of a call: strict about keys, with the pointer of whatever is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "config/text/error.h"
#include "control/admin/call/message.h"
#include "control/base/result.h"

namespace switchyard::control {

using Json = nlohmann::ordered_json;

// Comments are allowed, as in the configuration. An empty body counts as {} when `empty_is_object`.
Result<Json> parse_body(const AdminRequest& request, bool empty_is_object = false);

// Collects what is wrong with one object; all of it is reported at once.
class CallBody {
  public:
    CallBody(const Json& object, std::string pointer, std::initializer_list<std::string_view> known);

    std::optional<std::string> text(std::string_view key);
    std::optional<std::uint64_t> number(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<std::chrono::milliseconds> duration(std::string_view key);
    std::string required_text(std::string_view key);
    const Json* find(std::string_view key) const;
    void wrong(std::string_view key, std::string detail);
    void add(config::Error error) { errors_.push_back(std::move(error)); }
    void take(const CallBody& inner);  // what is wrong inside belongs to the whole
    std::string pointer(std::string_view key) const;

    const std::vector<config::Error>& errors() const { return errors_; }
    std::optional<Problem> problem() const;

  private:
    const Json& object_;
    const std::string pointer_;
    std::vector<config::Error> errors_;
};

// ?limit=100 and the like: 400 when it is not a number.
Result<std::uint64_t> query_number(const AdminRequest& request, const std::string& name, std::uint64_t otherwise);
// ?wait=30s: how long an answer may be waited for; none when it is not said. Longer ones are repeated by the client: a
// call should not outlive what is between the two.
inline constexpr std::chrono::minutes kLongestWait{10};
Result<std::chrono::milliseconds> query_wait(const AdminRequest& request);
// A generation number in the path.
Result<std::uint64_t> place_number(const AdminRequest& request, std::size_t place);

}  // namespace switchyard::control
