// Who may call: bearer tokens, known only by their SHA-256, each with a name and a role.
//
// Invariants: identify() takes the same time whichever token it is given and however much of it is right.
// Threads: control.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/process.h"
#include "control/base/result.h"

namespace switchyard::control {

struct Identity {
    std::string name;
    config::Role role = config::Role::viewer;
};

class Tokens {
  public:
    explicit Tokens(std::vector<config::Token> tokens) : tokens_(std::move(tokens)) {}

    // From an Authorization field: "Bearer TOKEN".
    std::optional<Identity> identify(std::string_view authorization) const;

  private:
    std::vector<config::Token> tokens_;
};

// The random admin token of an installation without configured ones: read from `path`, or made there with mode 0600.
// Where nothing can be kept, one that is not known to any caller: the API then answers only what needs no token.
Result<config::Token> local_admin_token(const std::string& path, bool writable = true);

}  // namespace switchyard::control
