#include "proxy/snapshot/file_stamp.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace switchyard {
namespace {

constexpr std::int64_t kLargestFile = 1 << 20;  // a chain with its key is a few KiB: this is another file

std::int64_t nanoseconds(const timespec& at) {
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace

bool look_at(const std::string& path, FileStamp& stamp, std::string* why) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        *why = fmt::format("{} cannot be read: {}", path, std::strerror(errno));
        return false;
    }
    if (!S_ISREG(found.st_mode)) {
        *why = fmt::format("{} is no file", path);
        return false;
    }
    stamp = {found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
    return true;
}

bool bytes_of(const std::string& path, const FileStamp& stamp, std::string& bytes, std::string* why) {
    if (stamp.size > kLargestFile) {
        *why = fmt::format("{} is larger than 1 MiB: is this a certificate?", path);
        return false;
    }
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    if (file.is_open() && !file.bad()) return true;
    *why = fmt::format("{} cannot be read: {}", path, std::strerror(errno));
    return false;
}

}  // namespace switchyard
