// `location /.well-known/acme-challenge` of certbot and the like → the folder out of which listeners answer.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "config/nginx_import/server_import.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {
namespace {

constexpr std::string_view kWellKnown = "/.well-known", kChallengePlace = "/.well-known/acme-challenge";

// Of what may stand in such a location: the rest leads elsewhere, or turns an authority away.
constexpr std::array<std::string_view, 8> kHarmlessThere{"root",       "alias",      "default_type",  "try_files",
                                                         "auth_basic", "access_log", "log_not_found", "allow"};

// The path that an expression takes, where it is written as one: ^/\.well-known/acme-challenge/
std::string path_spelled_by(std::string expression) {
    std::erase(expression, '\\');
    if (expression.starts_with('^')) expression.erase(0, 1);
    return expression;
}

struct ChallengeFolder {
    std::string folder;
    bool alone = true;  // the location serves nothing else
};

// Nothing: it does not serve them out of a folder. `around`: the server, whose root holds where the location has none.
std::optional<ChallengeFolder> challenges_of(const Directive& location, const std::vector<Directive>& around,
                                             const std::filesystem::path& prefix) {
    const auto serves = [](const Directive& directive) {
        return std::ranges::find(kHarmlessThere, directive.name) != kHarmlessThere.end() &&
               (directive.name != "auth_basic" || directive.arg(0) == "off");
    };
    if (location.args.empty() || !std::ranges::all_of(location.children, serves)) return std::nullopt;
    const bool expression = location.args.size() == 2 && location.arg(0).starts_with('~');
    if (location.args.size() == 2 && !expression && location.arg(0) != "^~") return std::nullopt;
    std::string path = expression ? path_spelled_by(location.arg(1)) : location.args.back();
    while (path.ends_with('/')) path.pop_back();
    if (path != kChallengePlace && path != kWellKnown) return std::nullopt;
    const Directive* alias = find_child(location.children, "alias");
    if (alias != nullptr && expression) return std::nullopt;  // one file for all of them
    const Directive* root = find_child(location.children, "root");
    auto folder = file_in(prefix, alias != nullptr ? alias : root != nullptr ? root : find_child(around, "root"));
    if (!folder) return std::nullopt;
    if (alias != nullptr && path == kWellKnown) *folder += kChallengePlace.substr(kWellKnown.size());
    return ChallengeFolder{std::move(*folder), path == kChallengePlace};
}

}  // namespace

void Servers::take_challenges(std::vector<Server>& servers) {
    for (Server& server : servers) {
        // Where the server answers everything by itself no location is reached.
        if (std::ranges::find(server.block->children, "return", &Directive::name) != server.block->children.end())
            continue;
        for (const Directive& location : server.block->children) {
            const auto found =
                location.name == "location" ? challenges_of(location, server.block->children, folder_) : std::nullopt;
            if (!found) continue;
            bool serves = false;
            for (const Listen& listen : server.listens) {
                if (listen.secure) continue;
                auto& own = std::ranges::find(model_.listeners, listen.listener, &Listener::name)->acme_challenges;
                if (own.empty()) own = found->folder;
                serves = serves || own == found->folder;
                if (own != found->folder)
                    notes_.lost(location, fmt::format("another server at its address has its challenges in {}, and the "
                                                      "listener has one folder: let both use that",
                                                      own));
            }
            if (!serves) {
                notes_.lost(location,
                            fmt::format("authorities come to port 80 first: name {} as acme_challenges of the listener "
                                        "there",
                                        found->folder));
            } else if (found->alone) {
                notes_.unneeded(location, fmt::format("is acme_challenges of the listener: {}", found->folder));
                server.challenges.insert(&location);
            } else {
                notes_.changed(location, fmt::format("challenges of authorities are answered out of {} by the listener",
                                                     found->folder));
            }
        }
    }
}

}  // namespace switchyard::config::nginx
