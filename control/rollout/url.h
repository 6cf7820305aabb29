// The address of a check or a webhook: http://HOST[:PORT][/TARGET].
//
// Invariants: a parsed one can be asked as it is – the host is not empty, the port is one, and no character could end
//   the line of the request it goes into.
// Threads: plain value. Errors: parse() says what is wrong and what would do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::control::rollout {

struct Url {
    std::string host;
    std::uint16_t port = 80;
    std::string target = "/";

    static std::optional<Url> parse(std::string_view text, std::string* why = nullptr);
};

}  // namespace switchyard::control::rollout
