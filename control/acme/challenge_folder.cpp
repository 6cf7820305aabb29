#include "control/acme/challenge_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

namespace switchyard::control::acme {
namespace {

constexpr std::size_t kLongestToken = 128;
constexpr std::size_t kThumbprint = 43;
constexpr std::size_t kLongestFile = 512;

bool is_base64url(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool is_token(std::string_view name) {
    return !name.empty() && name.size() <= kLongestToken && is_base64url(name);
}

struct Closing {
    int fd;
    explicit Closing(int opened) : fd(opened) {}
    ~Closing() {
        if (fd >= 0) ::close(fd);
    }
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;
};

std::string content(int folder, const char* name) {
    // Not waited for, whatever it is: a pipe, a device.
    const Closing file(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat found {};
    if (file.fd < 0 || ::fstat(file.fd, &found) != 0 || !S_ISREG(found.st_mode)) return {};
    std::array<char, kLongestFile> bytes{};
    const auto size = ::read(file.fd, bytes.data(), bytes.size());
    if (size <= 0 || static_cast<std::size_t>(size) == bytes.size()) return {};
    std::string out(bytes.data(), static_cast<std::size_t>(size));
    out.erase(out.find_last_not_of(" \r\n\t") + 1);
    return out;
}

struct FolderClose {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

void read_all(int fd, switchyard::net::ChallengeBook::Answers& into) {
    const std::unique_ptr<DIR, FolderClose> folder(::fdopendir(fd));
    if (!folder) {
        ::close(fd);
        return;
    }
    std::size_t seen = 0;
    while (const auto* entry = ::readdir(folder.get())) {
        if (into.size() >= kMostChallenges || ++seen > kMostFilesSeen) return;
        if (!is_token(entry->d_name)) continue;
        auto text = content(::dirfd(folder.get()), entry->d_name);
        if (is_key_authorization(text, entry->d_name)) into.emplace(entry->d_name, std::move(text));
    }
}

}  // namespace

bool is_key_authorization(std::string_view text, std::string_view token) {
    return text.size() == token.size() + 1 + kThumbprint && text.starts_with(token) && text[token.size()] == '.' &&
           is_base64url(text.substr(token.size() + 1));
}

switchyard::net::ChallengeBook::Answers read_challenges(const std::string& folder) {
    switchyard::net::ChallengeBook::Answers out;
    constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const Closing root(::open(folder.c_str(), kFolder));
    if (root.fd < 0) return out;
    const Closing known(::openat(root.fd, ".well-known", kFolder | O_NOFOLLOW));
    if (known.fd >= 0)
        if (const int below = ::openat(known.fd, "acme-challenge", kFolder | O_NOFOLLOW); below >= 0)
            read_all(below, out);
    if (const int again = ::openat(root.fd, ".", kFolder); again >= 0) read_all(again, out);
    return out;
}

}  // namespace switchyard::control::acme
