#include "control/acme/challenge_desk.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "control/acme/challenge_folder.h"

namespace switchyard::control::acme {

ChallengeDesk::ChallengeDesk(const boost::asio::any_io_executor& executor, Answerers& answerers)
    : executor_(executor), answerers_(answerers), timer_(executor) {}

void ChallengeDesk::open(const std::string& owner, Own own, std::function<void(bool)> everywhere) {
    own_[owner] = std::move(own);
    if (!publish()) return everywhere(false);
    answerers_.everywhere([everywhere = std::move(everywhere)] { everywhere(true); });
}

void ChallengeDesk::close(const std::string& owner) {
    if (own_.erase(owner) != 0 && !stopped_) publish();
}

void ChallengeDesk::follow(const std::set<std::string>& folders) {
    followed_ = folders;
    std::erase_if(readers_, [&](const auto& entry) { return !folders.contains(entry.first); });
    const auto gone = std::erase_if(folders_, [&](const auto& entry) { return !folders.contains(entry.first); });
    if (gone != 0) publish();
    if (!followed_.empty() && !armed_) look();
}

void ChallengeDesk::stop() {
    stopped_ = true;
    timer_.cancel();
}

bool ChallengeDesk::publish() {
    switchyard::net::ChallengeBook book;
    for (const auto& [owner, own] : own_) {
        book.answers.insert(own.answers.begin(), own.answers.end());
        book.hosts.insert(own.hosts.begin(), own.hosts.end());
    }
    book.folders = folders_;
    if (book == published_) return true;
    if (!answerers_.publish(book.empty() ? nullptr : std::make_shared<const switchyard::net::ChallengeBook>(book)))
        return false;
    published_ = std::move(book);
    return true;
}

void ChallengeDesk::look() {
    for (const auto& folder : followed_) look_into(folder);
    arm();
}

void ChallengeDesk::look_into(const std::string& folder) {
    using Answers = switchyard::net::ChallengeBook::Answers;
    auto& reader = readers_[folder];
    if (reader.reading) return;
    if (!reader.errands)
        reader.errands = std::make_unique<DiskErrands>(
            [executor = executor_](std::function<void()> then) { boost::asio::post(executor, std::move(then)); });
    reader.reading =
        reader.errands->run<Answers>([folder] { return read_challenges(folder); },
                                     [this, folder](Answers found) {
                                         readers_[folder].reading = false;
                                         if (stopped_) return;
                                         const auto known = folders_.find(folder);
                                         if (known == folders_.end() ? found.empty() : known->second == found) return;
                                         if (found.empty())
                                             folders_.erase(known);
                                         else
                                             folders_[folder] = std::move(found);
                                         publish();
                                     });
}

void ChallengeDesk::arm() {
    armed_ = !followed_.empty() && !stopped_;
    if (!armed_) return;
    timer_.expires_after(kLook);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (!ec && !stopped_) look();
    });
}

}  // namespace switchyard::control::acme
