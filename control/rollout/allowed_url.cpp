#include "control/rollout/allowed_url.h"

#include <algorithm>

#include "config/model.h"
#include "config/model/address.h"
#include "control/rollout/url.h"

namespace switchyard::control::rollout {

namespace {

std::string path_of(const Url& url) {
    return url.target.substr(0, url.target.find('?'));
}

// A path that the server behind it might read as another one is below nothing.
bool is_below(const std::string& path, std::string prefix) {
    while (prefix.ends_with('/')) prefix.pop_back();
    if (prefix.empty()) return true;
    if (path.find("..") != std::string::npos || path.find('%') != std::string::npos ||
        path.find('\\') != std::string::npos)
        return false;
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

bool allowed_url(const std::string& text, const config::Model& model) {
    const auto url = Url::parse(text);
    if (!url) return false;
    const auto address = config::Address::parse(url->authority());
    if (address && address->is_loopback()) return true;
    for (const auto& [name, upstream] : model.upstreams)
        if (address &&
            std::ranges::find(upstream.endpoints, *address, &config::Endpoint::address) != upstream.endpoints.end())
            return true;
    return std::ranges::any_of(model.process.admin.rollout_urls, [&](const std::string& entry) {
        const auto allowed = Url::parse(entry);
        return allowed && allowed->secure == url->secure && allowed->host == url->host && allowed->port == url->port &&
               is_below(path_of(*url), path_of(*allowed));
    });
}

}  // namespace switchyard::control::rollout
