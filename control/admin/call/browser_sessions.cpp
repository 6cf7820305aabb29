#include "control/admin/call/browser_sessions.h"

#include <algorithm>

#include "control/base/digest.h"

namespace switchyard::control {
namespace {

constexpr unsigned kSecretBytes = 32;
constexpr unsigned kNameBytes = 4;

// Room for one more: what has ended goes, then what ends first.
template <class Map>
void make_room(Map& map, std::size_t most, BrowserSessions::Time now) {
    std::erase_if(map, [now](const auto& entry) { return entry.second.ends <= now; });
    if (map.size() >= most)
        map.erase(std::ranges::min_element(map, {}, [](const auto& entry) { return entry.second.ends; }));
}

}  // namespace

BrowserSessions::BrowserSessions() : cookie_name_("switchyard_" + random_hex(kNameBytes)) {}

BrowserSessions::Begun BrowserSessions::begin(const Identity& who, Time now) {
    make_room(sessions_, kMostSessions, now);
    Begun out{random_hex(kSecretBytes), random_hex(kSecretBytes)};
    sessions_[sha256_hex(out.cookie)] = {who, sha256_hex(out.proof), now + kLife};
    return out;
}

std::optional<BrowserSessions::Found> BrowserSessions::find(std::string_view cookie, std::string_view proof,
                                                            Time now) const {
    const auto it = sessions_.find(sha256_hex(cookie));
    if (it == sessions_.end() || it->second.ends <= now) return std::nullopt;
    const auto& session = it->second;
    return Found{session.who, equal_in_constant_time(sha256_hex(proof), session.proof),
                 std::chrono::duration_cast<std::chrono::seconds>(session.ends - now)};
}

void BrowserSessions::end(std::string_view cookie) {
    sessions_.erase(sha256_hex(cookie));
}

std::string BrowserSessions::make_code(const Identity& who, Time now) {
    make_room(codes_, kMostCodes, now);
    auto code = random_hex(kSecretBytes);
    codes_[sha256_hex(code)] = {who, now + kCodeLife};
    return code;
}

std::optional<Identity> BrowserSessions::redeem(std::string_view code, Time now) {
    const auto it = codes_.find(sha256_hex(code));
    if (it == codes_.end()) return std::nullopt;
    const auto found = std::move(it->second);
    codes_.erase(it);
    if (found.ends <= now) return std::nullopt;
    return found.who;
}

std::string_view cookie_of(std::string_view field, std::string_view name) {
    while (!field.empty()) {
        const auto end = std::min(field.find_first_of(";,"), field.size());  // two fields of that name are a list
        auto pair = field.substr(0, end);
        field.remove_prefix(std::min(end + 1, field.size()));
        while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
    }
    return {};
}

}  // namespace switchyard::control
