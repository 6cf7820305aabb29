#include "control/control_takeover.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>
#include <vector>

#include "config/parse.h"
#include "control/rehearsal/rehearsal.h"
#include "control/upgrade/upgrade_socket.h"
#include "control/version.h"

namespace switchyard::control {
namespace {

using Sockets = std::vector<std::pair<switchyard::net::Descriptor, std::string>>;
using upgrade::Json;

std::optional<int> line_of(const std::string& takeover) {
    int out = -1;
    const auto* end = takeover.data() + takeover.size();
    const auto read = std::from_chars(takeover.data(), end, out);
    return read.ec == std::errc() && read.ptr == end && out >= 0 ? std::optional(out) : std::nullopt;
}

// Of a file, or of what ends with a slash.
std::string folder_of(const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().parent_path().string();
}

// The other one speaks of the state's folder by its own path.
Result<Json> rehearse_here(const std::string& folder, Json message, Sockets sockets) {
    const auto network = message.value("network", std::uint64_t{0}), here = network_here();
    if (network != 0 && here != 0 && network != here)
        return problems::conflict(
            "it runs in another network namespace than the running proxy, where listeners and endpoints are other "
            "ones: "
            "start it in the same one (--network host for both, or --network container:NAME)");
    const auto copy = std::filesystem::path(message.value("copy", "")).filename();
    message["copy"] = (std::filesystem::path(folder) / "upgrade" / copy).string();
    return rehearse(message, std::move(sockets));
}

}  // namespace

Result<std::shared_ptr<upgrade::Inheritance>> take_over(Control::Options& options) {
    Json hello = {{"version", kVersion}};
    if (const auto line = line_of(options.takeover))
        return upgrade::Inheritance::meet(switchyard::net::Descriptor(*line), std::move(hello), rehearse);
    const auto folder = folder_of(options.takeover);
    if (options.state_dir && folder_of(*options.state_dir + "/") != folder)
        return problems::invalid(fmt::format("--state-dir {} is not the folder of --takeover {}: leave one of them out",
                                             *options.state_dir, options.takeover));
    auto line = upgrade::call_at(options.takeover);
    if (!line) return line.error();
    upgrade::say_order(hello, options.upgrade);
    auto met = upgrade::Inheritance::meet(
        std::move(*line), std::move(hello),
        [&](const Json& message, Sockets sockets) { return rehearse_here(folder, message, std::move(sockets)); });
    if (!met) return met.error();
    auto& state = (*met)->state;
    state["state_dir"] = folder;
    const auto in_force = config::parse_stored(state.value("config", ""));
    if (in_force.model && folder_of(in_force.model->process.state_dir + "/") != folder) options.state_dir = folder;
    return met;
}

std::uint64_t network_here() {
    struct stat info {};
    return ::stat("/proc/self/ns/net", &info) == 0 ? info.st_ino : 0;
}

}  // namespace switchyard::control
