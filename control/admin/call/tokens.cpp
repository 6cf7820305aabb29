#include "control/admin/call/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "control/base/digest.h"
#include "proxy/http/characters.h"

namespace switchyard::control {
namespace {

constexpr unsigned kTokenBytes = 32;

}  // namespace

std::optional<Identity> Tokens::identify(std::string_view authorization) const {
    constexpr std::string_view kScheme = "bearer ";  // in any case (RFC 9110 §11.1)
    if (!switchyard::http::equals_lower(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
    authorization.remove_prefix(kScheme.size());
    const std::string digest = sha256_hex(authorization);
    const config::Token* found = nullptr;
    for (const auto& token : tokens_)  // all of them, whether or not one was found
        if (equal_in_constant_time(digest, token.sha256)) found = &token;
    if (found == nullptr) return std::nullopt;
    return Identity{found->name, found->role};
}

Result<config::Token> local_admin_token(const std::string& path, bool writable) {
    const auto token_of = [](const std::string& secret) {
        return config::Token{"local-admin", config::Role::admin, sha256_hex(secret)};
    };
    if (std::ifstream file(path); file) {
        std::string secret;
        if (std::getline(file, secret) && !secret.empty()) return token_of(secret);
        return problems::internal(path + " is empty; remove it and a new token is made at the next start");
    }
    const std::string secret = random_hex(kTokenBytes);
    if (!writable) return token_of(secret);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return problems::internal(fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
    const std::string line = secret + "\n";
    const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
    ::close(fd);
    if (!written) {
        ::unlink(path.c_str());
        return problems::internal(fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
    }
    return token_of(secret);
}

}  // namespace switchyard::control
