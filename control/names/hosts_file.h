// /etc/hosts: names with the addresses that are written down for them.
//
// Pure. Errors: a line that cannot be understood is left out, as the C library does it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::control {

struct HostsEntry {
    std::vector<std::string> v4, v6;  // in canonical form
    bool operator==(const HostsEntry&) const = default;
};
using HostsFile = std::map<std::string, HostsEntry>;  // by name, in lower case

HostsFile parse_hosts(std::string_view text);

}  // namespace switchyard::control
