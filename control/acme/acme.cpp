#include "control/acme/acme.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/post.hpp>
#include <set>
#include <utility>

#include "config/model/certificates_used.h"
#include "control/base/timestamp.h"
#include "proxy/base/log.h"

namespace switchyard::control::acme {

Acme::Acme(const boost::asio::any_io_executor& executor, const std::string& state_dir, EventLog& events, Doors doors)
    : events_(events),
      in_force_(doors.in_force),
      storage_(state_dir),
      disk_(std::make_unique<DiskErrands>(
          [executor](std::function<void()> then) { boost::asio::post(executor, std::move(then)); })),
      desk_(executor, doors.answerers),
      shared_{executor, desk_, *disk_, storage_, in_force_, *this} {}

Acme::~Acme() {
    stop();
}

void Acme::stop() {
    if (std::exchange(stopped_, true)) return;
    desk_.stop();
    waiting_.clear();
    all_.clear();
}

void Acme::follow() {
    if (stopped_) return;
    const auto& model = in_force_.model();
    std::set<std::string> folders;
    const auto shown = config::certificates_used(model);
    Issuance::Ways ways;
    for (const auto& listener : model.listeners) {
        if (!listener.acme_challenges.empty()) folders.insert(listener.acme_challenges);
        (listener.tls ? ways.tls : ways.clear) = true;
    }
    desk_.follow(folders);
    std::set<std::string> anew;
    std::erase_if(all_, [&](const auto& entry) {
        const auto now = model.certificates.find(entry.first);
        const bool stays =
            shown.contains(entry.first) && now != model.certificates.end() && now->second.acme == entry.second->wish();
        if (!stays) anew.insert(entry.first);
        return !stays;
    });
    for (const auto& name : shown) {
        const auto& certificate = model.certificates.at(name);
        if (!certificate.acme) continue;
        auto& one = all_[name];
        if (!one) one = std::make_unique<Issuance>(shared_, name, *certificate.acme, ways, anew.contains(name));
        one->ways(ways);
        one->look();
    }
}

void Acme::turn(std::function<bool()> take) {
    waiting_.push_back(std::move(take));
    give_turns();
}

void Acme::release() {
    --under_way_;
    give_turns();
}

void Acme::give_turns() {
    while (!stopped_ && under_way_ < kOrdersAtOnce && !waiting_.empty()) {
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        ++under_way_;
        if (!next()) --under_way_;
    }
}

void Acme::tell(const std::string& name, News news, const std::string& detail) {
    const auto found = all_.find(name);
    if (found == all_.end()) return;
    const auto status = found->second->status();
    nlohmann::ordered_json event = {{"certificate", name}};
    switch (news) {
        case News::asking:
            log_info("certificate {}: asking for it, {}", name, detail);
            event["what"] = "asking";
            event["directory"] = status.directory;
            event["names"] = status.names;
            break;
        case News::issued:
            ++counts_.issued;
            log_info("certificate {}: issued for {}", name, fmt::join(status.names, ", "));
            event["what"] = "issued";
            event["sha256"] = detail;
            break;
        case News::failed:
            ++counts_.failed;
            log_error("certificate {}: not issued: {}; it is tried again at {}", name, detail,
                      timestamp(from_unix_ms(status.next * 1000)));
            event["what"] = status.kind;
            event["detail"] = detail;
            event["failures"] = status.failures;
            event["next"] = timestamp(from_unix_ms(status.next * 1000));
            break;
    }
    events_.add("acme", std::move(event));
}

std::optional<Issuance::Status> Acme::status(const std::string& name) const {
    const auto found = all_.find(name);
    if (found == all_.end()) return std::nullopt;
    return found->second->status();
}

bool Acme::renew(const std::string& name) {
    const auto found = all_.find(name);
    if (found == all_.end()) return false;
    found->second->now();
    return true;
}

}  // namespace switchyard::control::acme
