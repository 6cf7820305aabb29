// What one check has found.
#pragma once

#include <string>

namespace switchyard::control {

struct CheckResult {
    bool ok = false;
    bool says_nothing = false;  // it could not be asked: something is lacking on this side
    std::string detail;         // why not: "connection refused", "answered 503, expected 200, 204"
    bool drains = false;        // it is well, and asks for no new requests
};

}  // namespace switchyard::control
