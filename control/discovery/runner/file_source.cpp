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
    : path_(std::move(path)), timer_(executor), disk_(executor) {}

void FileSource::start(Heard heard) {
    heard_ = std::move(heard);
    arm(std::chrono::milliseconds{0});
}

void FileSource::look() {
    wanted_ = true;
}

void FileSource::arm(std::chrono::milliseconds pause) {
    timer_.expires_after(pause);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) look_at_it();
    });
}

void FileSource::look_at_it() {
    const bool wanted = std::exchange(wanted_, false);
    disk_.ask([path = path_, before = version_, wanted] { return see(path, before, wanted); },
              [this, wanted](std::optional<Seen> seen) {
                  arm(kLook);
                  if (!seen) {
                      wanted_ = true;  // what comes back later may be the version of before
                      return heard_(Sighting::failed(net::unanswered(path_)));
                  }
                  version_ = std::move(seen->version);
                  // It may have begun before that was known.
                  wanted_ = wanted_ || (wanted && !seen->sighting);
                  if (seen->sighting) heard_(std::move(*seen->sighting));
              });
}

// On the thread beside.
FileSource::Seen FileSource::see(const std::string& path, const std::string& before, bool wanted) {
    struct stat s {};
    const bool there = ::stat(path.c_str(), &s) == 0;
    const std::string missing = there ? "" : std::strerror(errno);
    Seen out{there ? fmt::format("{} {} {} {}.{} {}.{}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                                 s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec)
                   : missing,
             std::nullopt};
    if (out.version == before && !wanted) return out;
    const auto failed = [&](std::string why) {
        out.sighting = Sighting::failed(std::move(why));
        return out;
    };
    if (!there) return failed(fmt::format("{} cannot be read: {}", path, missing));
    if (!S_ISREG(s.st_mode)) return failed(path + " is no regular file");
    if (static_cast<std::size_t>(s.st_size) > kMostBytes)
        return failed(fmt::format("{} has more than {} MiB", path, kMostBytes >> 20));
    const auto bytes = file_bytes(path);
    if (!bytes) return failed(bytes.error().detail);
    out.sighting = read_list(*bytes);
    if (!out.sighting->complete) out.sighting->why = path + ": " + out.sighting->why;
    return out;
}

}  // namespace switchyard::control::discovery
