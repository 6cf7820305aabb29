#include "control/names/hosts_file.h"

#include <algorithm>
#include <cctype>

#include "control/names/canonical_address.h"

namespace switchyard::control {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    const auto word = line.substr(0, line.find_first_of(kBlank));
    line.remove_prefix(word.size());
    return word;
}

}  // namespace

HostsFile parse_hosts(std::string_view text) {
    HostsFile out;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line = line.substr(0, line.find('#'));
        const auto address = canonical_address(next_word(line));
        if (address.empty()) continue;
        for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
            std::string name(word);
            std::ranges::transform(name, name.begin(),
                                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            auto& entry = out[name];
            auto& family = address.find(':') == std::string::npos ? entry.v4 : entry.v6;
            if (std::ranges::find(family, address) == family.end()) family.push_back(address);
        }
    }
    return out;
}

}  // namespace switchyard::control
