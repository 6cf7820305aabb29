// A smoke call as one writes it: "GET /readyz", "GET / -H X-Release:canary", "HEAD /search?q=a =204".
//
// A method, a target, any number of -H Name:Value, and at most one =STATUS; without it any answer from 200 to 399 is
// good. Words are divided by spaces; 'single' and "double" quotes hold them together.
// Errors: parse() says in words what was expected. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::control::cli::deploy {

struct SmokeCall {
    std::string method, target;
    std::vector<std::pair<std::string, std::string>> headers;
    int status = 0;  // 0: 200 to 399

    static std::optional<SmokeCall> parse(const std::string& text, std::string& why);
    // The value of the Host header that was given; empty: none was.
    std::string host() const;
    bool good(int answered) const { return status != 0 ? answered == status : answered >= 200 && answered < 400; }
};

// Where a call goes: an endpoint's address ("host:port", "unix:/path") or a URL ("https://host:port").
struct SmokeAnswer {
    int status = 0;   // 0: none
    std::string why;  // of no answer
};
SmokeAnswer make_call(const SmokeCall& call, const std::string& where, const std::string& host);

}  // namespace switchyard::control::cli::deploy
