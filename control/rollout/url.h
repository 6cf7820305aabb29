// The address of a check or a webhook: http://HOST[:PORT][/TARGET], or https.
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
    bool secure = false;  // https
    std::string host;
    std::uint16_t port = 80;  // of https 443
    std::string target = "/";

    const char* scheme() const { return secure ? "https" : "http"; }
    // "host:port", an IPv6 address in brackets.
    std::string authority() const;

    static std::optional<Url> parse(std::string_view text, std::string* why = nullptr);
};

}  // namespace switchyard::control::rollout
