#include "control/discovery/runner/file_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "control/base/file_bytes.h"
#include "control/discovery/list_text.h"

namespace switchyard::control::discovery {

FileSource::FileSource(const boost::asio::any_io_executor& executor, std::string path)
    : path_(std::move(path)), timer_(executor) {}

void FileSource::start(Heard heard) {
    heard_ = std::move(heard);
    timer_.expires_after(std::chrono::milliseconds{0});
    arm();
}

void FileSource::look() {
    wanted_ = true;
}

void FileSource::arm() {
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (ec || alive.expired()) return;
        timer_.expires_after(kLook);
        read();
        if (!alive.expired()) arm();
    });
}

void FileSource::read() {
    struct stat s {};
    const bool there = ::stat(path_.c_str(), &s) == 0;
    const std::string missing = there ? "" : std::strerror(errno);
    auto version = there ? fmt::format("{} {} {} {}.{} {}.{}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                                       s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec)
                         : missing;
    if (version == version_ && !std::exchange(wanted_, false)) return;
    wanted_ = false;
    version_ = std::move(version);
    if (!there) return heard_(Sighting::failed(fmt::format("{} cannot be read: {}", path_, missing)));
    if (!S_ISREG(s.st_mode)) return heard_(Sighting::failed(path_ + " is no regular file"));
    if (static_cast<std::size_t>(s.st_size) > kMostBytes)
        return heard_(Sighting::failed(fmt::format("{} has more than {} MiB", path_, kMostBytes >> 20)));
    const auto bytes = file_bytes(path_);
    if (!bytes) return heard_(Sighting::failed(bytes.error().detail));
    auto sighting = read_list(*bytes);
    if (!sighting.complete) sighting.why = path_ + ": " + sighting.why;
    heard_(std::move(sighting));
}

}  // namespace switchyard::control::discovery
