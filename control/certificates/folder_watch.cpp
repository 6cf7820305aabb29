#include "control/certificates/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <map>

#include "proxy/base/log.h"

namespace switchyard::control {

struct FolderWatch::Members : std::enable_shared_from_this<FolderWatch::Members> {
    Members(const boost::asio::any_io_executor& executor, std::function<void()> news_)
        : descriptor(executor), settle(executor), news(std::move(news_)) {}

    boost::asio::posix::stream_descriptor descriptor;
    boost::asio::steady_timer settle;
    std::function<void()> news;
    std::map<std::string, int> watched;
    bool settling = false;
    bool refused = false;
    alignas(inotify_event) std::array<char, 4096> buffer{};

    bool open() {
        if (descriptor.is_open()) return true;
        const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (fd < 0) return false;
        descriptor.assign(fd);
        read();
        return true;
    }
    // What the events say is not needed; that there was one (or too many to tell) is.
    void read() {
        descriptor.async_read_some(boost::asio::buffer(buffer),
                                   [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                                       if (ec) return;
                                       self->rings();
                                       self->read();
                                   });
    }
    // Not later than kSettle after the first, or who writes on and on would never be looked at.
    void rings() {
        if (std::exchange(settling, true)) return;
        settle.expires_after(kSettle);
        settle.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            self->settling = false;
            if (!ec && self->news) self->news();
        });
    }
};

FolderWatch::FolderWatch(const boost::asio::any_io_executor& executor, std::function<void()> news)
    : members_(std::make_shared<Members>(executor, std::move(news))) {}

FolderWatch::~FolderWatch() {
    members_->news = nullptr;
    members_->settle.cancel();
    boost::system::error_code ignored;  // closing is all that is left to do
    members_->descriptor.close(ignored);
}

void FolderWatch::follow(const std::set<std::string>& folders) {
    auto& m = *members_;
    if (folders.empty() && m.watched.empty()) return;
    if (!m.open()) {
        if (!std::exchange(m.refused, true))
            log_warn("folders of certificates are not watched, but looked at from time to time: {}",
                     std::strerror(errno));
        return;
    }
    const int fd = m.descriptor.native_handle();
    std::erase_if(m.watched, [&](const auto& entry) {
        if (folders.contains(entry.first)) return false;
        inotify_rm_watch(fd, entry.second);
        return true;
    });
    // Again for those that are watched: a folder that was taken away and put there anew is another one.
    for (const auto& folder : folders) {
        const int watch = inotify_add_watch(
            fd, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF);
        if (watch < 0)
            m.watched.erase(folder);
        else
            m.watched[folder] = watch;
    }
}

}  // namespace switchyard::control
