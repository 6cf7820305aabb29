#include "control/acme/challenge_desk.h"

#include <utility>

#include "control/acme/challenge_folder.h"

namespace switchyard::control::acme {

ChallengeDesk::ChallengeDesk(const boost::asio::any_io_executor& executor, Ports ports)
    : ports_(std::move(ports)), aside_(executor), timer_(executor) {}

void ChallengeDesk::open(const std::string& owner, Own own, std::function<void(bool)> everywhere) {
    own_[owner] = std::move(own);
    if (!publish()) return everywhere(false);
    ports_.everywhere([everywhere = std::move(everywhere)] { everywhere(true); });
}

void ChallengeDesk::close(const std::string& owner) {
    if (own_.erase(owner) != 0 && !stopped_) publish();
}

void ChallengeDesk::follow(const std::set<std::string>& folders) {
    followed_ = folders;
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
    if (!ports_.publish(book.empty() ? nullptr : std::make_shared<const switchyard::net::ChallengeBook>(book)))
        return false;
    published_ = std::move(book);
    return true;
}

void ChallengeDesk::look() {
    armed_ = true;
    const auto found = std::make_shared<std::map<std::string, switchyard::net::ChallengeBook::Answers>>();
    const bool begun = aside_.run(
        [found, folders = followed_] {
            for (const auto& folder : folders)
                if (auto answers = read_challenges(folder); !answers.empty()) (*found)[folder] = std::move(answers);
        },
        [this, found] {
            if (stopped_) return;
            std::erase_if(*found, [&](const auto& entry) { return !followed_.contains(entry.first); });
            if (std::exchange(folders_, std::move(*found)) != folders_) publish();
            arm();
        });
    if (!begun) arm();
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
