#include "control/store/generation_ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace switchyard::control {
namespace {

// `text` under `path`, durable: a later reader finds the old text or the new one. Zero, or the errno.
int replace_durably(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    int failed = 0;
    if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) failed = errno != 0 ? errno : EIO;
    if (failed == 0 && ::fsync(fd) != 0) failed = errno;
    ::close(fd);
    if (failed == 0 && std::rename(fresh.c_str(), path.c_str()) != 0) failed = errno;
    if (failed != 0) return failed;
    const auto folder = std::filesystem::path(path).parent_path().string();
    const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return errno;
    if (::fsync(directory) != 0) failed = errno;
    ::close(directory);
    return failed;
}

}  // namespace

GenerationLedger::GenerationLedger(std::string path) : path_(std::move(path)) {
    std::ifstream file(path_);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::uint64_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    // The line's end belongs to it: a number that was cut short must not count.
    if (ec == std::errc{} && end + 1 == text.data() + text.size() && *end == '\n') reserved_ = number;
}

Result<void> GenerationLedger::reserve(std::uint64_t number) {
    if (number < reserved_) return {};
    const std::uint64_t next = number + kAhead;
    errno = 0;
    if (const int failed = replace_durably(path_, std::to_string(next) + "\n"); failed != 0) {
        const std::string text = fmt::format("{} could not be written ({}); nothing was changed, traffic goes on",
                                             path_, std::strerror(failed));
        if (failed == ENOSPC || failed == EDQUOT)
            return problems::store_full(text + "; make room on the disk that holds state_dir");
        return problems::internal(text + "; state_dir must be writable");
    }
    reserved_ = next;
    return {};
}

}  // namespace switchyard::control
