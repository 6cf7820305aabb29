#include "control/cli/secure_site.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "config/parse.h"

namespace switchyard::control::cli {
namespace {

using Json = nlohmann::ordered_json;

// Where a mistake in the document came from: the option that was given.
std::string option_of(const std::string& pointer) {
    if (pointer.starts_with("/certificates/site/acme/names")) return "--tls";
    if (pointer.starts_with("/certificates/site/acme/")) return "--" + pointer.substr(pointer.rfind('/') + 1);
    if (pointer.starts_with("/upstreams/app/endpoints")) return "--to";
    if (pointer.starts_with("/listeners/0")) return "--http";
    if (pointer.starts_with("/listeners/1")) return "--https";
    if (pointer.starts_with("/process/admin")) return "--admin-bind";
    return pointer;
}

}  // namespace

std::string usual_state_dir() {
    // systemd gives several with colons between them; the first is ours.
    const char* given = std::getenv("STATE_DIRECTORY");
    const std::string all = given == nullptr ? "" : given;
    return all.empty() ? "./state" : all.substr(0, all.find(':'));
}

std::string document_of(const SecureSite& site, const std::string& state_dir, std::vector<std::string>& complaints) {
    if (site.endpoints.empty())
        complaints.emplace_back("--to: say where the site is served, as in --to 127.0.0.1:9001");
    if (!site.terms_accepted)
        complaints.emplace_back(
            "--accept-terms: an authority issues certificates to those who accept its terms of service (Let's Encrypt: "
            "https://letsencrypt.org/repository/); say that you do");
    Json acme = {{"names", site.hosts}, {"email", site.email}, {"directory", site.directory}, {"ca", site.ca}};
    Json endpoints = Json::array();
    for (const auto& address : site.endpoints) endpoints.push_back({{"address", address}});
    const Json in_clear = {{"name", "http"}, {"bind", site.http}, {"redirect_https", true}},
               secure = {{"name", "https"}, {"bind", site.https}, {"tls", {{"certificates", Json::array({"site"})}}}},
               route = {{"name", "site"}, {"match", {{"hosts", site.hosts}}}, {"split", {{"app", 1}}}};
    Json document = {
        {"process", {{"state_dir", state_dir}, {"admin", {{"bind", site.admin}}}, {"log", {{"format", "text"}}}}}};
    document["certificates"]["site"]["acme"] = acme;
    document["listeners"] = Json::array({in_clear, secure});
    document["upstreams"]["app"]["endpoints"] = endpoints;
    document["routes"] = Json::array({route});
    const auto text = document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
    const auto parsed = config::parse(std::string_view(text));
    for (const auto& error : parsed.errors) {
        // A host that is wrong as a name is wrong as that of the route too.
        if (error.pointer.starts_with("/routes/")) continue;
        complaints.push_back(fmt::format("{}: {}", option_of(error.pointer), error.detail));
    }
    if (complaints.empty() && !parsed.model) complaints.push_back("--tls: " + parsed.errors.front().detail);
    return text;
}

std::string write_site(const std::string& document, const std::string& state_dir, std::string& why) {
    std::error_code failed;
    if (std::filesystem::create_directories(state_dir, failed))
        std::filesystem::permissions(state_dir, std::filesystem::perms::owner_all, failed);
    const auto path = state_dir + "/site.json", fresh = path + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << document;
    file.close();
    if (file && !failed) std::filesystem::rename(fresh, path, failed);
    if (!file || failed) {
        why = fmt::format("{} cannot be written{}", path, failed ? ": " + failed.message() : "");
        return {};
    }
    return path;
}

}  // namespace switchyard::control::cli
