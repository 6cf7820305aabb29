#include "control/cli/surroundings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>

#include "config/model.h"
#include "config/model/address.h"
#include "config/model/secret_value.h"
#include "config/text/pointer.h"
#include "control/cli/look_at_certificates.h"

namespace switchyard::control::cli {
namespace {

using config::Error;

// As the process would open it; the reason why that fails, or nothing.
std::string unreadable(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return std::strerror(errno);
    ::close(fd);
    return {};
}

// A folder that is there, or could be made: the nearest one above that exists must let us write.
std::string unwritable_folder(std::filesystem::path path) {
    std::error_code unknown;
    while (!path.empty() && path != path.parent_path() && !std::filesystem::exists(path, unknown))
        path = path.parent_path();
    if (path.empty()) path = ".";
    if (!std::filesystem::is_directory(path, unknown)) return path.string() + " is no folder";
    return ::access(path.c_str(), W_OK | X_OK) == 0 ? std::string{} : path.string() + ": " + std::strerror(errno);
}

// What is not there when it is needed is Switchyard's own answer.
void look_at_pages(const std::string& at, const config::ErrorPages& pages, std::vector<Error>& out) {
    for (const auto& [status, file] : pages) {
        std::error_code unknown;
        auto why = unreadable(file);
        if (why.empty() && !std::filesystem::is_regular_file(file, unknown)) why = "it is no regular file";
        if (!why.empty())
            out.push_back(
                {config::pointer_to(at, status),
                 fmt::format("{} cannot be read: {}; Switchyard's own answer is shown until it can be", file, why)});
    }
}

void look_at_files(const config::Model& model, std::vector<Error>& out) {
    const auto readable = [&](const std::string& at, const std::string& path) {
        if (path.empty()) return;
        if (const auto why = unreadable(path); !why.empty())
            out.push_back({at, fmt::format("{} cannot be read: {}", path, why)});
    };
    const auto& process = model.process;
    readable("/process/admin/tls_certificate", process.admin.tls_certificate);
    readable("/process/admin/tls_key", process.admin.tls_key);
    readable("/process/admin/rollout_ca_file", process.admin.rollout_ca_file);
    readable("/process/admin/rollout_certificate", process.admin.rollout_certificate);
    readable("/process/admin/rollout_key", process.admin.rollout_key);
    for (std::size_t i = 0; i < model.routes.size(); ++i) {
        const std::string at = config::pointer_to("/routes", i) + "/jwt";
        readable(at + "/key_file", model.routes[i].jwt.key_file);
        if (std::string why; !config::secret_value(model.routes[i].jwt.key, &why)) out.push_back({at + "/key", why});
        look_at_pages(config::pointer_to("/routes", i) + "/error_pages", model.routes[i].error_pages, out);
    }
    if (const auto why = unwritable_folder(process.state_dir); !why.empty())
        out.push_back({"/process/state_dir", fmt::format("{} cannot be written: {}", process.state_dir, why)});
    const auto& access = process.log.access;
    if (access.empty() || access == "-") return;
    const auto folder = std::filesystem::path(access).parent_path();
    std::error_code unknown;
    if (!folder.empty() && !std::filesystem::is_directory(folder, unknown))
        out.push_back({"/process/log/access", fmt::format("the folder of {} is not there", access)});
    else if (const auto why = unwritable_folder(folder.empty() ? "." : folder); !why.empty())
        out.push_back({"/process/log/access", fmt::format("{} cannot be written: {}", access, why)});
}

// Whether a listener could have the address now.
std::string unbindable(const config::Address& address) {
    using Kind = config::Address::Kind;
    if (address.kind == Kind::name || address.kind == Kind::unix_path || address.port == 0) return {};
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (address.kind == Kind::ipv4) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr);
        size = sizeof *v4;
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address.port);
        inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr);
        size = sizeof *v6;
    }
    const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return {};
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const int failed = ::bind(fd, reinterpret_cast<sockaddr*>(&storage), size) == 0 ? 0 : errno;
    ::close(fd);
    if (failed == 0) return {};
    if (failed == EADDRINUSE) return "is in use; by the running switchyard, or stop what holds it";
    if (failed == EACCES) return "cannot be had: ports below 1024 need CAP_NET_BIND_SERVICE, or the user who starts it";
    return fmt::format("cannot be had: {}", std::strerror(failed));
}

void look_at_ports(const config::Model& model, std::vector<Error>& out) {
    const auto look = [&](const std::string& at, const config::Address& address) {
        if (const auto why = unbindable(address); !why.empty())
            out.push_back({at, fmt::format("{} {}", address.text(), why)});
    };
    look("/process/admin/bind", model.process.admin.bind);
    for (std::size_t i = 0; i < model.listeners.size(); ++i)
        look(config::pointer_to("/listeners", i) + "/bind", model.listeners[i].bind);
}

struct Asked {
    std::string name;
    gaicb request{};
};
struct Questions {
    std::vector<Asked> asked;
    std::vector<gaicb*> list;
};

// The questions of each look stay until the process ends, which is soon: the resolver may still write into one that was
// not answered in time.
Questions& new_questions() {
    static auto& all = *new std::vector<std::unique_ptr<Questions>>();
    return *all.emplace_back(std::make_unique<Questions>());
}

// Names of endpoints, all at once; those that have not been answered in time are told as that.
void look_at_names(const config::Model& model, std::vector<Error>& out) {
    std::map<std::string, std::string> places;  // name → where it stands first
    for (const auto& [name, upstream] : model.upstreams)
        for (std::size_t i = 0; i < upstream.endpoints.size(); ++i)
            if (const auto& address = upstream.endpoints[i].address; address.kind == config::Address::Kind::name)
                places.emplace(
                    address.host,
                    config::pointer_to(config::pointer_to("/upstreams", name) + "/endpoints", i) + "/address");
    if (places.empty()) return;
    auto& [asked, list] = new_questions();
    for (const auto& [name, place] : places) asked.push_back({name, {}});
    for (auto& one : asked) {
        one.request.ar_name = one.name.c_str();
        list.push_back(&one.request);
    }
    if (getaddrinfo_a(GAI_NOWAIT, list.data(), static_cast<int>(list.size()), nullptr) != 0) return;
    const auto until = std::chrono::steady_clock::now() + kLookTime;
    const auto waiting = [&] {
        std::vector<const gaicb*> out_of_time;
        for (const auto* one : list)
            if (gai_error(const_cast<gaicb*>(one)) == EAI_INPROGRESS) out_of_time.push_back(one);
        return out_of_time;
    };
    for (auto left = waiting(); !left.empty(); left = waiting()) {
        const auto rest = until - std::chrono::steady_clock::now();
        if (rest <= std::chrono::nanoseconds(0)) break;
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(rest).count();
        const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
        gai_suspend(left.data(), static_cast<int>(left.size()), &time);
    }
    for (auto& one : asked) {
        const int result = gai_error(&one.request);
        if (result == 0) continue;
        const std::string why = result == EAI_INPROGRESS ? "no answer in time" : gai_strerror(result);
        out.push_back({places.at(one.name),
                       fmt::format("{} does not resolve now: {}; its endpoint is down until it does", one.name, why)});
    }
}

}  // namespace

std::vector<Error> look_around(const config::Model& model, bool names) {
    std::vector<Error> out;
    look_at_files(model, out);
    look_at_certificates(model, out);
    look_at_ports(model, out);
    if (names) look_at_names(model, out);
    return out;
}

}  // namespace switchyard::control::cli
