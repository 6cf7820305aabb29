#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "config/check/checks.h"
#include "config/model/cidr.h"
#include "config/model/limits.h"
#include "config/model/listener.h"

namespace switchyard::config {
namespace {

// Before an IPv4 address that is written as one of IPv6.
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 8 * kMapped.size();

// One spelling for whom an entry means; nothing when it is none, and then `why` is what was expected.
std::optional<std::string> meant(const std::string& entry, std::string* why) {
    if (entry == kUnixPeers || entry == kAllClients) return entry;
    auto block = Cidr::parse(entry, why);
    if (block && block->ipv6 && block->prefix >= kMappedBits &&
        std::equal(kMapped.begin(), kMapped.end(), block->bytes.begin())) {
        // The same clients as by the IPv4 block that it carries.
        std::copy_n(block->bytes.begin() + kMapped.size(), 4, block->bytes.begin());
        block->prefix = static_cast<std::uint8_t>(block->prefix - kMappedBits);
        block->ipv6 = false;
    }
    if (block) return block->text();
    if (why->starts_with("expected")) *why += ", \"unix\" or \"all\"";
    return std::nullopt;
}

}  // namespace

void check_access(Checks& checks, const std::string& at, const Access& access) {
    std::map<std::string, std::string> places;  // of whom an entry means
    for (const auto& [list, word] : {std::pair{&access.allow, "allow"}, std::pair{&access.deny, "deny"}}) {
        const std::string here = pointer_to(at, word);
        if (list->size() > limits::kConditionValues) {
            checks.fail(here,
                        fmt::format("at most {} blocks are allowed, found {}", limits::kConditionValues, list->size()));
            continue;
        }
        for (std::size_t i = 0; i < list->size(); ++i) {
            std::string why;
            const auto who = meant((*list)[i], &why);
            if (!who) {
                checks.fail(pointer_to(here, i), fmt::format("\"{}\": {}", (*list)[i], why));
                continue;
            }
            if (const auto [first, fresh] = places.emplace(*who, word); !fresh)
                checks.fail(pointer_to(here, i), first->second == word
                                                     ? fmt::format("\"{}\" is there twice", (*list)[i])
                                                     : fmt::format("\"{}\" is in \"{}\" as well: only one of them can "
                                                                   "decide; take it out of the other",
                                                                   (*list)[i], first->second));
        }
    }
}

}  // namespace switchyard::config
