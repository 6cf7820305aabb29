#include "control/acme/storage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "control/acme/jws.h"

namespace switchyard::control::acme {
namespace {

constexpr std::size_t kIdOctets = 12;
constexpr std::string_view kFrom = "asked for from ";

// Nothing: errno says why.
std::optional<std::string> read(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::string out;
    std::array<char, 4096> piece{};
    for (;;) {
        const auto got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        const int error = errno;
        if (got <= 0) ::close(fd);
        errno = error;
        if (got < 0) return std::nullopt;
        if (got == 0) return out;
        out.append(piece.data(), static_cast<std::size_t>(got));
    }
}

std::string failed(const char* doing, const std::string& path) {
    return fmt::format("{} {}: {}", doing, path, std::strerror(errno));
}

bool sync_folder(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool synced = ::fsync(fd) == 0;
    ::close(fd);
    return synced;
}

bool write_all(int fd, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const auto wrote = ::write(fd, text.data() + done, text.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        done += static_cast<std::size_t>(wrote);
    }
    return true;
}

}  // namespace

std::string Storage::replace(const std::string& folder, const std::string& file, const std::string& text,
                             There there) const {
    std::string path = state_dir_;
    for (std::size_t from = 0; from < folder.size();) {
        const auto end = std::min(folder.find('/', from), folder.size());
        path += '/' + folder.substr(from, end - from);
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("making", path);
        from = end + 1;
    }
    const auto target = path + '/' + file, aside = target + ".new";
    struct stat found {};
    if (there == There::kept && ::lstat(target.c_str(), &found) == 0)
        return fmt::format("{} is there already and is not replaced", target);
    const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed("writing", aside);
    const bool written = ::fchmod(fd, 0600) == 0 && write_all(fd, text) && ::fsync(fd) == 0;
    const auto why = written ? std::string() : failed("writing", aside);
    ::close(fd);
    if (!written) return why;
    if (::rename(aside.c_str(), target.c_str()) != 0) return failed("putting in place", target);
    return sync_folder(path) ? std::string() : failed("syncing", path);
}

std::string Storage::account_file(const std::string& id) const {
    return state_dir_ + "/acme/" + id + ".pem";
}

std::optional<std::string> Storage::account(const std::string& id, std::string& why) const {
    auto out = read(account_file(id));
    if (!out && errno != ENOENT) why = failed("reading", account_file(id));
    return out;
}

std::string Storage::keep_account(const std::string& id, const std::string& pem) const {
    return replace("acme", id + ".pem", pem, There::kept);
}

// What stands before the first block of PEM is for people, and for memory().
std::string Storage::keep_certificate(const std::string& name, const std::string& directory,
                                      const std::string& pem) const {
    return replace("certificates/" + name, "current.pem", std::string(kFrom) + directory + '\n' + pem);
}

Memory Storage::memory(const std::string& name) const {
    Memory out;
    const auto folder = state_dir_ + "/certificates/" + name;
    if (const auto current = read(folder + "/current.pem"); current && current->starts_with(kFrom))
        out.directory = current->substr(kFrom.size(), current->find('\n') - kFrom.size());
    const auto text = read(folder + "/state.json");
    if (!text) return out;
    const auto body = nlohmann::json::parse(*text, nullptr, false);
    if (!body.is_object()) return out;
    // Written by this program or by a hand: whatever has another form says nothing.
    try {
        out.failures = body.value("failures", 0U);
        out.next = body.value("next", std::int64_t{0});
        out.asked = body.value("asked", "");
        out.last.why = body.value("why", "");
        const auto kind = body.value("kind", "");
        for (const auto one : {Refusal::Kind::unreachable, Refusal::Kind::refused, Refusal::Kind::rate_limited})
            if (kind == word(one)) out.last.kind = one;
    } catch (const nlohmann::json::exception&) {
        return {.directory = out.directory};
    }
    return out;
}

std::string Storage::remember(const std::string& name, const Memory& memory) const {
    nlohmann::ordered_json out = {{"failures", memory.failures}, {"next", memory.next}, {"asked", memory.asked}};
    if (memory.failures != 0) {
        out["kind"] = word(memory.last.kind);
        out["why"] = memory.last.why;
    }
    // What an authority says need be no UTF-8.
    return replace("certificates/" + name, "state.json",
                   out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
}

std::string account_id(const std::string& directory, const std::string& key_id) {
    const auto digest = sha256(directory + '\n' + key_id);
    std::string out;
    for (std::size_t i = 0; i < kIdOctets; ++i) out += fmt::format("{:02x}", static_cast<unsigned char>(digest[i]));
    return out;
}

}  // namespace switchyard::control::acme
