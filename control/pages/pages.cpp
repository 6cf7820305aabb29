#include "control/pages/pages.h"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

using Look = std::pair<std::string, FileStamp>;  // a file, and which version of it is known

std::map<std::string, PageShelf::Reading> read_all(const std::vector<Look>& wanted) {
    std::map<std::string, PageShelf::Reading> out;
    for (const auto& [file, known] : wanted) out.emplace(file, PageShelf::read(file, known));
    return out;
}

}  // namespace

Pages::Pages(boost::asio::any_io_executor executor, PageShelf& shelf, Ports ports)
    : executor_(std::move(executor)),
      shelf_(shelf),
      ports_(std::move(ports)),
      errands_([executor = executor_](std::function<void()> then) { boost::asio::post(executor, std::move(then)); }),
      timer_(executor_) {}

void Pages::stop() {
    stopped_ = true;
    timer_.cancel();
}

void Pages::follow() {
    shelf_.keep_for(ports_.model());
    auto files = PageShelf::files_of(ports_.model());
    if (std::exchange(followed_, std::move(files)) == followed_) return;
    std::erase_if(told_, [&](const auto& entry) { return !followed_.contains(entry.first); });
    look();
    arm();
}

void Pages::look() {
    if (stopped_ || followed_.empty()) return;
    if (under_way_) {
        again_ = true;
        return;
    }
    std::vector<Look> wanted;
    for (const auto& file : followed_) {
        const auto* kept = shelf_.find(file);
        wanted.emplace_back(file, kept == nullptr ? FileStamp{} : kept->stamp);
    }
    under_way_ = errands_.run<Looks>([wanted] { return read_all(wanted); },
                                     [this](const Looks& looks) {
                                         under_way_ = false;
                                         if (stopped_) return;
                                         if (took(looks)) ports_.publish();
                                         if (std::exchange(again_, false)) look();
                                     });
}

// True: something else than before is to be shown.
bool Pages::took(const Looks& looks) {
    bool changed = false;
    for (const auto& [file, reading] : looks) {
        changed = shelf_.take(file, reading) || changed;
        const std::string& trouble = shelf_.find(file)->trouble;
        if (trouble.empty()) {
            if (told_.erase(file) != 0) log_info("error page {} is in force again", file);
        } else if (auto& told = told_[file]; told != trouble) {
            log_warn("{}", trouble);
            told = trouble;
        }
    }
    return changed;
}

void Pages::Waiter::answer() {
    timer.cancel();
    if (const auto once = std::exchange(then, nullptr)) once();
}

// A thread of its own for each: one that waits for a disk that hangs keeps no other change waiting.
void Pages::read_first(const std::set<std::string>& files, std::function<void()> then) {
    std::vector<Look> wanted;
    for (const auto& file : files)
        if (shelf_.find(file) == nullptr) wanted.emplace_back(file, FileStamp{});
    if (wanted.empty() || stopped_) return then();
    const auto waiter = std::make_shared<Waiter>(Waiter{std::move(then), boost::asio::steady_timer(executor_, kWait)});
    waiter->timer.async_wait([waiter](boost::system::error_code ec) {
        if (!ec) waiter->answer();
    });
    const auto errand = *first_errands_
                             .insert(std::make_shared<DiskErrands>([executor = executor_](std::function<void()> back) {
                                 boost::asio::post(executor, std::move(back));
                             }))
                             .first;
    const bool begun = errand->run<Looks>([wanted] { return read_all(wanted); },
                                          [this, waiter, weak = std::weak_ptr(errand)](const Looks& looks) {
                                              first_errands_.erase(weak.lock());
                                              if (stopped_) return;
                                              // Too late for its change: the next look finds it.
                                              if (waiter->then) took(looks);
                                              waiter->answer();
                                          });
    if (begun) return;
    first_errands_.erase(errand);
    boost::asio::post(executor_, [waiter] { waiter->answer(); });
}

void Pages::arm() {
    if (stopped_ || followed_.empty()) return timer_.cancel(), void();
    timer_.expires_after(kLook);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (ec || stopped_) return;
        look();
        arm();
    });
}

}  // namespace switchyard::control
