#include "control/names/name_watch.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "control/base/file_bytes.h"

namespace switchyard::control {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kLookAtFiles{1};
// Names asked for at once: a thousand of them must not be a burst that a small server drops.
constexpr std::size_t kAtOnce = 64;

}  // namespace

NameWatch::NameWatch(boost::asio::any_io_executor executor, const config::Resolver& settings, AddressBook& book,
                     std::function<void()> heard, Files files)
    : executor_(std::move(executor)),
      settings_(settings),
      book_(book),
      heard_(std::move(heard)),
      files_(std::move(files)),
      timer_(executor_) {
    look_at_files(true);
}

void NameWatch::stop() {
    stopped_ = true;
    timer_.cancel();
    client_.reset();
}

std::string NameWatch::version_of(const std::string& path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return {};
    return fmt::format("{} {} {} {}.{} {}.{}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                       s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}

void NameWatch::look_at_files(bool first) {
    if (auto now = version_of(files_.hosts); first || now != hosts_version_) {
        hosts_version_ = std::move(now);
        const auto bytes = file_bytes(files_.hosts);
        book_.hosts(bytes ? parse_hosts(*bytes) : HostsFile{}, steady_clock::now());
        if (!first) heard_();
    }
    if (!settings_.servers.empty()) return;
    if (auto now = version_of(files_.servers); first || now != servers_version_) {
        servers_version_ = std::move(now);
        if (first) return;
        if (client_) client_->renew();
        book_.ask_again(steady_clock::now());
    }
}

void NameWatch::look() {
    if (stopped_) return;
    const auto free = kAtOnce - std::min(asked_ / 2, kAtOnce);
    for (const auto& name : book_.due(steady_clock::now(), free)) ask(name);
    arm();
}

void NameWatch::ask(const std::string& name) {
    if (!client_) client_ = std::make_unique<DnsClient>(executor_, settings_);
    for (const auto family : {AddressBook::Family::v4, AddressBook::Family::v6}) {
        ++asked_;
        client_->ask(name, family, [this, name, family](AddressBook::Answer answer) {
            --asked_;
            book_.heard(name, family, std::move(answer), steady_clock::now());
            heard_();
            look();
        });
    }
}

void NameWatch::arm() {
    if (!book_.watches_any()) {
        timer_.cancel();
        return;
    }
    auto next = steady_clock::now() + kLookAtFiles;
    // With every place taken an answer brings the next question.
    if (const auto due = book_.next_due(); due && asked_ / 2 < kAtOnce) next = std::min(next, *due);
    timer_.expires_at(next);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (ec || stopped_) return;
        look_at_files(false);
        look();
    });
}

}  // namespace switchyard::control
