// A certificate that listeners name.
#pragma once

#include <string>

namespace switchyard::config {

struct Certificate {    // PEM files, read when a generation is made
    std::string chain;  // the certificate, then those that signed it
    std::string key;
    bool operator==(const Certificate&) const = default;
};

}  // namespace switchyard::config
