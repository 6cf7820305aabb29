#include "control/certificates/certificates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

#include "config/model.h"
#include "config/model/certificates_used.h"
#include "control/base/disk_errands.h"
#include "control/base/timestamp.h"
#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

std::set<CertificateShelf::Files> files_in(const config::Model& model) {
    std::set<CertificateShelf::Files> out;
    for (const auto& name : config::certificates_used(model)) out.insert(files_of(model, name));
    return out;
}

// Where a change of the file shows: its own folder, and that of what a link leads to (certbot's live and archive).
void add_folders(const std::string& path, std::set<std::string>& out) {
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(path, ignored);
    out.insert(absolute.parent_path().string());
    const auto real = std::filesystem::canonical(absolute, ignored);
    if (!ignored) out.insert(real.parent_path().string());
}

}  // namespace

void excuse_certificates(const config::Model& model, CertificateShelf& shelf) {
    for (const auto& files : files_in(model)) shelf.excuse(files);
}

void Certificates::Waiter::answer(bool in_force) {
    timer.cancel();
    if (auto once = std::exchange(done, nullptr)) once(in_force);
}

Certificates::Certificates(boost::asio::any_io_executor executor, CertificateShelf& shelf, EventLog& events,
                           Doors doors)
    : executor_(std::move(executor)),
      shelf_(shelf),
      events_(events),
      doors_(doors),
      errands_([executor = executor_](std::function<void()> then) { boost::asio::post(executor, std::move(then)); }),
      watch_(executor_, [this] { look({}); }),
      timer_(executor_) {}

void Certificates::stop() {
    stopped_ = true;
    timer_.cancel();
    for (const auto& waiter : std::exchange(waiters_, {})) waiter->timer.cancel();
}

void Certificates::follow() {
    const auto files = files_in(doors_.shown.model());
    std::erase_if(troubles_, [&](const auto& entry) { return !files.contains(entry.first); });
    std::erase_if(since_, [&](const auto& entry) { return !files.contains(entry.first); });
    std::erase_if(told_, [&](const auto& entry) { return !doors_.shown.model().certificates.contains(entry.first); });
    tend();
    if (std::exchange(followed_, files) == files) return;
    arm(kLook);
    begin();
}

// Folders may be on a disk that hangs: they are found beside this thread, with the files.
void Certificates::begin() {
    if (stopped_) return;
    if (under_way_) {
        again_ = true;
        return;
    }
    const auto pass = std::make_shared<Pass>();
    for (const auto& files : files_in(doors_.shown.model()))
        if (const auto* kept = shelf_.find(files)) pass->looked.push_back({files, kept->stamps, {}});
    for (const auto& kept : shelf_.checks()) pass->checks.push_back({kept.settings, kept.stamps, {}});
    for (const auto& [file, kept] : shelf_.authorities()) pass->authorities.push_back({file, kept.stamp, {}});
    auto waiters = std::exchange(waiters_, {});
    under_way_ = errands_.run<bool>(
        [pass] {
            for (auto& one : pass->looked) {
                add_folders(one.files.first, pass->folders);
                add_folders(one.files.second, pass->folders);
                one.reading = CertificateShelf::read(one.files, one.before);
            }
            for (auto& one : pass->checks) {
                add_folders(one.settings.ca, pass->folders);
                if (!one.settings.crl.empty()) add_folders(one.settings.crl, pass->folders);
                one.reading = CertificateShelf::read(one.settings, one.before);
            }
            for (auto& one : pass->authorities) {
                add_folders(one.file, pass->folders);
                one.reading = CertificateShelf::read_authorities(one.file, one.before);
            }
            return true;
        },
        [this, pass, waiters](bool) {
            under_way_ = false;
            if (stopped_) return;
            watch_.follow(pass->folders);
            took(*pass, waiters);
            if (std::exchange(again_, false) || !waiters_.empty()) begin();
        });
    if (!under_way_) waiters_ = std::move(waiters);  // the next look is theirs
}

void Certificates::look(Done done) {
    if (done) {
        auto waiter = std::make_shared<Waiter>(Waiter{std::move(done), boost::asio::steady_timer(executor_, kWait)});
        waiter->timer.async_wait([waiter](boost::system::error_code ec) {
            if (!ec) waiter->answer(false);
        });
        waiters_.push_back(std::move(waiter));
    }
    begin();
}

// A thread of its own for each: one that waits for a disk that hangs keeps no other file waiting.
void Certificates::read_first(const config::Model& model, std::function<void()> then) {
    const auto wanted = std::make_shared<const CertificateShelf::Wanted>(shelf_.wanted_by(model));
    if (wanted->empty() || stopped_) return then();
    auto waiter = std::make_shared<Waiter>(
        Waiter{[this, wanted, then = std::move(then)](bool read) {
                   if (!read)
                       shelf_.lay_out(CertificateShelf::unread(
                           *wanted, fmt::format("its disk has not answered for {} s", kWait.count() / 1000)));
                   then();
               },
               boost::asio::steady_timer(executor_, kWait)});
    waiter->timer.async_wait([waiter](boost::system::error_code ec) {
        if (!ec) waiter->answer(false);
    });
    // Ours, not its own: with us it forgets the executor, whose context may end while the disk hangs.
    const auto errand = *first_errands_
                             .insert(std::make_shared<DiskErrands>([executor = executor_](std::function<void()> back) {
                                 boost::asio::post(executor, std::move(back));
                             }))
                             .first;
    const bool begun = errand->run<CertificateShelf::Readings>(
        [wanted] { return CertificateShelf::read(*wanted); },
        [this, waiter, weak = std::weak_ptr(errand)](CertificateShelf::Readings readings) {
            first_errands_.erase(weak.lock());
            if (stopped_ || !waiter->done) return;
            shelf_.lay_out(std::move(readings));
            waiter->answer(true);
        });
    if (begun) return;
    first_errands_.erase(errand);
    boost::asio::post(executor_, [waiter] { waiter->answer(false); });
}

void Certificates::took(const Pass& pass, const Waiters& waiters) {
    const bool clients = took_checks(pass);
    const bool endpoints = took_authorities(pass);
    bool exchanged = clients || endpoints;
    bool troubled = false;
    for (const auto& one : pass.looked) {
        const auto* kept = shelf_.find(one.files);
        // Another look may have been quicker, or its generation is gone.
        if (kept == nullptr || kept->stamps != one.before) continue;
        const auto before = kept->identity;
        if (shelf_.take(one.files, one.reading)) {
            exchanged = true;
            tell_exchange(one.files, before);
        }
        note_trouble(one.files, kept->trouble);
        const auto trouble = troubles_.find(one.files);
        troubled = troubled || (trouble != troubles_.end() && !trouble->second.told);
    }
    if (troubled) arm(kSecondLook);
    if (exchanged) {
        doors_.shown.publish();
        tend();
    }
    if (waiters.empty()) return;
    doors_.shown.everywhere([waiters] {
        for (const auto& waiter : waiters) waiter->answer(true);
    });
}

// Authorities of clients and what they have revoked. Half a file is not told apart from a bad one: who is let in stays
// as it was, and it is said each time the file changes.
bool Certificates::took_checks(const Pass& pass) {
    bool exchanged = false;
    for (const auto& one : pass.checks) {
        if (!one.reading.changed) continue;
        const auto known = std::ranges::find(shelf_.checks(), one.settings, &CertificateShelf::KeptCheck::settings);
        // Another look may have been quicker, or its generation is gone.
        if (known == shelf_.checks().end() || known->stamps != one.before) continue;
        const bool told = known->trouble == one.reading.why;
        if (shelf_.take(one.settings, one.reading)) {
            exchanged = true;
            log_info("clients are checked by {} as it is now{}", one.settings.ca,
                     one.settings.crl.empty() ? "" : " and " + one.settings.crl);
            events_.add("certificate", {{"what", "clients"}, {"ca", one.settings.ca}, {"crl", one.settings.crl}});
        } else if (!one.reading.why.empty() && !told) {
            log_error("{}; clients are checked as before", one.reading.why);
            events_.add("certificate",
                        {{"what", "trouble"}, {"detail", one.reading.why + "; clients are checked as before"}});
        }
    }
    return exchanged;
}

// Whom endpoints' certificates are believed from; as above.
bool Certificates::took_authorities(const Pass& pass) {
    bool exchanged = false;
    for (const auto& one : pass.authorities) {
        if (!one.reading.changed) continue;
        const auto known = shelf_.authorities().find(one.file);
        if (known == shelf_.authorities().end() || known->second.stamp != one.before) continue;
        const bool told = known->second.trouble == one.reading.why;
        if (shelf_.take(one.file, one.reading)) {
            exchanged = true;
            log_info("endpoints are verified by {} as it is now", one.file);
            events_.add("certificate", {{"what", "authorities"}, {"ca", one.file}});
        } else if (!one.reading.why.empty() && !told) {
            log_error("{}; endpoints are verified as before", one.reading.why);
            events_.add("certificate",
                        {{"what", "trouble"}, {"detail", one.reading.why + "; endpoints are verified as before"}});
        }
    }
    return exchanged;
}

// The first time it is only remembered.
void Certificates::note_trouble(const Files& files, const std::string& why) {
    if (const auto* kept = shelf_.find(files); kept != nullptr && !kept->identity && is_asked_for(files))
        return;  // its issuance says why it is not there
    const auto known = troubles_.find(files);
    if (why.empty()) {
        if (known == troubles_.end()) return;
        const bool told = known->second.told;
        troubles_.erase(known);
        if (!told) return;
        log_info("certificate {}: its files are in force again", names_of(files));
        events_.add("certificate", {{"certificate", names_of(files)}, {"what", "recovered"}, {"chain", files.first}});
        return;
    }
    if (known == troubles_.end() || known->second.why != why) {
        troubles_[files] = {why, doors_.clock.timestamp(), false};
        return;
    }
    if (std::exchange(known->second.told, true)) return;
    const auto* kept = shelf_.find(files);
    const bool stays = kept != nullptr && kept->identity;
    const std::string detail =
        why + (stays ? "; the one in force stays" : "; its names are shown another certificate until it can be");
    log_error("certificate {}: {}", names_of(files), detail);
    events_.add("certificate", {{"certificate", names_of(files)}, {"what", "trouble"}, {"detail", detail}});
}

void Certificates::tell_exchange(const Files& files, const switchyard::net::TlsBook::Identity& before) {
    ++exchanged_;
    const auto now = shelf_.find(files)->identity;
    const auto at = doors_.clock.timestamp();
    since_[files] = at;
    const auto name = names_of(files);
    const std::string until = timestamp(from_unix_ms(now->not_after * 1000));
    auto line = fmt::format("certificate {}: SHA-256 {}, until {}", name, now->fingerprint, until);
    if (before) line += fmt::format(", in place of {}", before->fingerprint);
    log_info("{}", line);
    nlohmann::ordered_json event = {{"certificate", name}, {"what", "exchanged"}, {"sha256", now->fingerprint}};
    if (before) event["was"] = before->fingerprint;
    event["not_after"] = until;
    events_.add("certificate", std::move(event));
    doors_.shown.keep({0, at, "file", files.first, "certificate", "", doors_.shown.generation(), {line}, {}, {}});
}

void Certificates::tend() {
    shelf_.tickets().rotate_if_due(doors_.clock.steady());
    const auto& model = doors_.shown.model();
    for (const auto& name : config::certificates_used(model)) {
        const auto* kept = shelf_.find(files_of(model, name));
        if (kept == nullptr) continue;
        const auto* identity = kept->identity.get();
        if (identity == nullptr && model.certificates.at(name).acme) continue;  // its issuance says why
        const std::string sha256 = identity == nullptr ? "" : identity->fingerprint;
        auto now = standing_of(identity, doors_.clock.now());
        auto& told = told_[name];
        if (told.sha256 == sha256 && told.standing.word == now.word && told.standing.stage == now.stage) continue;
        const bool fresh = told.sha256 != sha256;
        told = {sha256, now};
        if (fresh && identity != nullptr)
            for (const auto& warning : identity->warnings) log_warn("certificate {}: {}", name, warning);
        if (now.detail.empty()) continue;
        log_warn("certificate {}: {}", name, now.detail);
        nlohmann::ordered_json event = {{"certificate", name}, {"what", word(now.word)}, {"detail", now.detail}};
        if (identity != nullptr) event["not_after"] = timestamp(from_unix_ms(identity->not_after * 1000));
        events_.add("certificate", std::move(event));
    }
}

void Certificates::arm(std::chrono::milliseconds after) {
    if (stopped_) return;
    timer_.expires_after(after);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (ec || stopped_) return;
        tend();
        arm(kLook);
        look({});
    });
}

bool Certificates::is_asked_for(const Files& files) const {
    const auto& model = doors_.shown.model();
    return std::ranges::any_of(model.certificates, [&](const auto& entry) {
        return entry.second.acme && files_of(model, entry.first) == files;
    });
}

std::string Certificates::names_of(const Files& files) const {
    std::vector<std::string> out;
    for (const auto& [name, certificate] : doors_.shown.model().certificates)
        if (files_of(doors_.shown.model(), name) == files) out.push_back(name);
    return fmt::format("{}", fmt::join(out, ", "));
}

std::vector<Certificates::Sight> Certificates::sights() const {
    std::vector<Sight> out;
    const auto& model = doors_.shown.model();
    for (const auto& [name, certificate] : model.certificates) {
        Sight sight;
        sight.name = name;
        sight.files = certificate;
        std::tie(sight.files.chain, sight.files.key) = files_of(model, name);
        sight.now = doors_.clock.now();
        for (const auto& listener : model.listeners)
            if (listener.tls && std::ranges::find(listener.tls->certificates, name) != listener.tls->certificates.end())
                sight.listeners.push_back(listener.name);
        if (const auto& admin = model.process.admin.tls)
            if (std::ranges::find(admin->certificates, name) != admin->certificates.end())
                sight.listeners.emplace_back("admin API");
        for (const auto& [upstream, used] : model.upstreams)
            if (used.tls && used.tls->certificate == name) sight.upstreams.push_back(upstream);
        const auto files = files_of(model, name);
        if (const auto* kept = shelf_.find(files)) {
            sight.identity = kept->identity;
            sight.standing = standing_of(kept->identity.get(), doors_.clock.now());
        }
        if (certificate.acme && !sight.identity)
            sight.standing.detail = "it is not issued yet; its names are shown another certificate";
        if (const auto found = troubles_.find(files); found != troubles_.end()) {
            sight.trouble = found->second.why;
            sight.trouble_since = found->second.since;
        }
        if (const auto found = since_.find(files); found != since_.end()) sight.since = found->second;
        out.push_back(std::move(sight));
    }
    return out;
}

std::vector<std::string> Certificates::keep_usable(config::Model& earlier, const config::Model& now) {
    std::vector<std::string> out;
    for (const auto& name : config::certificates_used(earlier)) {
        auto& then = earlier.certificates.at(name);
        const auto in_force = now.certificates.find(name);
        if (in_force != now.certificates.end() && in_force->second == then) continue;
        const auto files = files_of(earlier, name);
        const auto* kept = shelf_.find(files);
        auto reading = kept == nullptr ? shelf_.first_reading(files) : CertificateShelf::Reading{};
        const auto& identity = kept == nullptr ? reading.identity : kept->identity;
        const auto standing = standing_of(identity.get(), doors_.clock.now());
        const bool usable = standing.word == Standing::Word::valid || standing.word == Standing::Word::expires_soon;
        if (usable) continue;
        if (in_force == now.certificates.end()) {
            shelf_.excuse(files);
            continue;
        }
        then = in_force->second;
        out.push_back(fmt::format("certificate {} stays as it is now: {}", name,
                                  identity ? "of that of then, " + standing.detail : reading.why));
    }
    return out;
}

}  // namespace switchyard::control
