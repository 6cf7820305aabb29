#include "control/acme/issuance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "control/acme/base64url.h"
#include "control/acme/directory_client.h"
#include "control/acme/request_keys.h"
#include "proxy/base/log.h"

namespace switchyard::control::acme {
namespace {

using std::chrono::seconds;

constexpr seconds kLongestSleep{600};  // a clock may be set
constexpr seconds kDiskSilence{60};
// A call may be made thirty times over, after as many for a nonce, each for half a minute.
constexpr seconds kSilence{40 * 60};
constexpr unsigned kMostWrites = 9;  // of what was issued: for about twenty minutes
constexpr seconds kLookAgain{60};
constexpr const char* kEnded = "the process ended while it was being asked for";

// The same for one certificate as long as it lives.
double drawn_from(const std::string& fingerprint) {
    const auto digest = sha256(fingerprint);
    unsigned long value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(digest[i]);
    return static_cast<double>(value) / 4294967296.0;
}

std::optional<std::string> mac_key_in(const std::string& file, std::string& why) {
    std::ifstream in(file, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in.is_open() || in.bad()) {
        why = fmt::format("acme.account.key_file: {} cannot be read", file);
        return std::nullopt;
    }
    text.erase(text.find_last_not_of(" \r\n\t") + 1);
    auto key = from_base64url(text);
    if (!key || key->empty()) {
        why = fmt::format("acme.account.key_file: {} holds no key in base64url", file);
        return std::nullopt;
    }
    return key;
}

std::set<std::string> as_set(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

std::string asked_for(const config::Acme& wish) {
    return fmt::format("{} {}", directory_url(wish.directory), fmt::join(as_set(wish.names), " "));
}

DiskErrands::Post posting(boost::asio::any_io_executor executor) {
    return
        [executor = std::move(executor)](std::function<void()> then) { boost::asio::post(executor, std::move(then)); };
}

}  // namespace

std::string directory_url(const std::string& directory) {
    if (directory == "letsencrypt") return "https://acme-v02.api.letsencrypt.org/directory";
    if (directory == "letsencrypt-staging") return "https://acme-staging-v02.api.letsencrypt.org/directory";
    return directory;
}

Issuance::Issuance(const Shared& shared, std::string name, config::Acme wish, Ways ways, bool anew)
    : shared_(shared),
      name_(std::move(name)),
      wish_(std::move(wish)),
      ways_(ways),
      directory_(directory_url(wish_.directory)),
      asked_(asked_for(wish_)),
      timer_(shared.executor),
      watchdog_(shared.executor),
      key_files_(posting(shared.executor)),
      anew_(anew) {}

Issuance::~Issuance() {
    timer_.cancel();
    watchdog_.cancel();
    client_.reset();
    shared_.desk.close(name_);
    if (has_turn_) shared_.orders.release();
}

// A reply that comes after the end of the issuance is dropped.
std::function<void(Reply)> Issuance::replies() {
    return [this, weak = std::weak_ptr<int>(life_)](Reply reply) {
        if (!weak.expired() && order_) act([&] { return order_->replied(reply); });
    };
}

std::int64_t Issuance::due() const {
    const auto identity = shared_.in_force.identity(name_);
    const auto earliest =
        memory_.asked == asked_ ? not_before(memory_.next, memory_.failures, shared_.in_force.now()) : std::int64_t{0};
    if (!identity || memory_.directory != directory_ || !names_fit(*identity)) return earliest;
    const auto draw = drawn_from(identity->fingerprint);
    return std::max(earliest, renew_at(identity->not_before, identity->not_after, window_, draw));
}

// A name that the authority has added is no reason to ask again; one that is not wished any more is.
bool Issuance::names_fit(const switchyard::net::TlsIdentity& identity) const {
    const auto there = as_set(identity.names), wanted = as_set(wish_.names);
    if (there == wanted) return true;
    return memory_.failures == 0 && memory_.asked == asked_ && std::ranges::includes(there, wanted);
}

void Issuance::arm(std::int64_t at) {
    timer_.expires_after(std::clamp(seconds{at - shared_.in_force.now()}, seconds{1}, kLongestSleep));
    timer_.async_wait([this, weak = std::weak_ptr<int>(life_)](boost::system::error_code ec) {
        if (!ec && !weak.expired()) look();
    });
}

void Issuance::look() {
    if (order_ || asked_for_turn_ || reading_) return;
    if (!read_) {
        reading_ = true;
        const bool begun =
            shared_.disk.run<Memory>([storage = shared_.storage, name = name_] { return storage.memory(name); },
                                     [this, weak = std::weak_ptr<int>(life_)](Memory found) {
                                         if (weak.expired()) return;
                                         reading_ = false;
                                         read_ = true;
                                         memory_ = std::move(found);
                                         if (anew_) memory_ = {.directory = memory_.directory};
                                         look();
                                     });
        if (!begun) {
            reading_ = false;
            arm(shared_.in_force.now() + 1);
        }
        return;
    }
    const auto at = due(), now = shared_.in_force.now();
    if (!at_once_ && at > now) {
        if (now >= next_window_) look_at_window();
        return arm(std::min(at, std::max(next_window_, now + 1)));
    }
    if (!at_once_ && unseen_) return look_whether_in_force();
    at_once_ = false;
    asked_for_turn_ = true;
    shared_.orders.turn([this, weak = std::weak_ptr<int>(life_)] {
        if (weak.expired()) return false;
        asked_for_turn_ = false;
        has_turn_ = true;
        begin();
        return true;
    });
}

void Issuance::now() {
    if (order_ || asked_for_turn_) return;  // it is on its way
    at_once_ = true;
    look();
}

void Issuance::begin() {
    Order::Wish wish;
    wish.names = wish_.names;
    wish.email = wish_.email;
    wish.http = ways_.clear && wish_.challenge != "tls-alpn-01";
    wish.alpn = ways_.tls && wish_.challenge != "http-01";
    wish.bound = wish_.account.has_value();
    if (const auto identity = shared_.in_force.identity(name_); identity && window_)
        wish.replaces = renewal_id(*identity);
    order_ = std::make_unique<Order>(std::move(wish), directory_);
    shared_.orders.tell(name_, Orders::News::asking, fmt::format("from {}", directory_));
    order_life_ = std::make_shared<int>(0);
    mac_key_.reset();
    watch(kDiskSilence, "the disk has not answered");
    if (!wish_.account) return draw();
    using Found = std::pair<std::optional<std::string>, std::string>;
    const bool begun = key_files_.run<Found>(
        [file = wish_.account->key_file] {
            Found out;
            out.first = mac_key_in(file, out.second);
            return out;
        },
        of_this_order<Found>([this](Found found) {
            mac_key_ = std::move(found.first);
            if (mac_key_) return draw();
            failed({Refusal::Kind::unreachable, found.second.empty() ? "no key can be read" : found.second, {}});
        }));
    if (!begun) failed({Refusal::Kind::unreachable, "no thread can be made", {}});
}

// An order that cannot be noted is not begun.
void Issuance::draw() {
    auto noted = memory_;
    noted.asked = asked_;
    noted.last = {Refusal::Kind::unreachable, kEnded, {}};
    noted.next = shared_.in_force.now() + pause_after(++noted.failures, noted.last).count();
    const auto id = account_id(directory_, wish_.account ? wish_.account->key_id : "");
    const bool begun = shared_.disk.run<Drawn>(
        [storage = shared_.storage, id, name = name_, noted] {
            Drawn out;
            out.why = storage.remember(name, noted);
            if (!out.why.empty()) return out;
            const auto pem = storage.account(id, out.why);
            if (!out.why.empty()) return out;
            if (pem) {
                out.key = AccountKey::from_pem(*pem);
                if (!out.key)
                    out.why = fmt::format("{} holds no key of an account: put back what was there, or move it away",
                                          storage.account_file(id));
                return out;
            }
            out.key = AccountKey::make();
            out.why = storage.keep_account(id, out.key->pem());
            return out;
        },
        of_this_order<Drawn>([this](Drawn drawn) { prepared(drawn); }));
    if (!begun) failed({Refusal::Kind::unreachable, "no thread can be made", {}});
}

void Issuance::prepared(const Drawn& drawn) {
    if (!drawn.key || !drawn.why.empty())
        return failed({Refusal::Kind::unreachable, drawn.why.empty() ? "no key can be drawn" : drawn.why, {}});
    window_asked_ = false;  // by the client that ends here
    client_ = std::make_unique<DirectoryClient>(shared_.executor, wish_.ca, *drawn.key,
                                                [&in_force = shared_.in_force] { return in_force.now(); });
    act([this] { return order_->begin(); });
}

void Issuance::watch(seconds silence, const char* what) {
    watchdog_.expires_after(silence);
    watchdog_.async_wait([this, what, weak = std::weak_ptr<int>(order_life_)](boost::system::error_code ec) {
        if (!ec && !weak.expired()) failed({Refusal::Kind::unreachable, what, {}});
    });
}

void Issuance::act(const std::function<Order::Step()>& follows) {
    try {
        carry_out(follows());
    } catch (const std::exception& e) {
        if (order_) failed({Refusal::Kind::unreachable, e.what(), {}});
    }
}

void Issuance::carry_out(Order::Step step) {
    using Act = Order::Act;
    watch(kSilence + step.pause, "nothing has come of what was asked last: the order was given up");
    if (!order_->new_nonce().empty()) client_->nonces_from(order_->new_nonce());
    switch (step.act) {
        case Act::none:
            return;
        case Act::get:
            return client_->get(step.url, replies());
        case Act::post_key:
            if (mac_key_)
                (*step.payload)["externalAccountBinding"] =
                    account_binding(client_->key(), step.url, wish_.account->key_id, *mac_key_);
            return client_->post(step.url, "", std::move(step.payload), replies());
        case Act::post:
            return client_->post(step.url, order_->account(), std::move(step.payload), replies());
        case Act::open:
            return open(step.challenges);
        case Act::wait:
            timer_.expires_after(step.pause);
            timer_.async_wait([this, weak = std::weak_ptr<int>(life_)](boost::system::error_code ec) {
                if (!ec && !weak.expired() && order_) act([this] { return order_->waited(); });
            });
            return;
        case Act::finalize:
            return finalize(step.url);
        case Act::keep:
            return keep(std::move(step.chain));
        case Act::give_up:
            return failed(step.refusal);
    }
}

// What can be answered from here on is answered by every worker before the authority is told.
void Issuance::open(const std::vector<OpenChallenge>& challenges) {
    ChallengeDesk::Own own;
    for (const auto& one : challenges) {
        const auto authorization = client_->key().authorization(one.token);
        if (one.type == "http-01")
            own.answers[one.token] = authorization;
        else
            own.hosts[one.host] = make_proof(one.host, authorization);
    }
    shared_.desk.open(name_, std::move(own), [this, weak = std::weak_ptr<int>(order_life_)](bool everywhere) {
        if (weak.expired()) return;
        if (everywhere) return act([this] { return order_->opened(); });
        failed({Refusal::Kind::unreachable, "the proof could not be put in place here", {}});
    });
}

void Issuance::finalize(const std::string& url) {
    auto request = make_request(wish_.names);
    request_key_ = std::move(request.key_pem);
    client_->post(url, order_->account(), nlohmann::ordered_json{{"csr", base64url(request.der)}}, replies());
}

void Issuance::keep(std::string chain) {
    // What was sent is looked at like any other file: it must be that key's.
    std::string why;
    const auto identity =
        switchyard::net::read_tls_identity(chain, request_key_, "what the authority has sent", "its key", &why);
    if (!identity) return failed({Refusal::Kind::unreachable, why, {}});
    const auto there = as_set(identity->names), wanted = as_set(wish_.names);
    if (!std::ranges::includes(there, wanted))
        return failed({Refusal::Kind::refused,
                       fmt::format("what the authority has sent is for {} and not for all of {}",
                                   there.empty() ? "no name" : fmt::format("{}", fmt::join(there, ", ")),
                                   fmt::join(wanted, ", ")),
                       {}});
    if (!chain.ends_with('\n')) chain += '\n';
    issued_ = chain + request_key_;
    fingerprint_ = identity->fingerprint;
    writes_ = 0;
    watchdog_.cancel();
    // From here on no other issuance is kept waiting.
    shared_.desk.close(name_);
    if (std::exchange(has_turn_, false)) shared_.orders.release();
    write();
}

void Issuance::write() {
    const Memory memory{
        .directory = directory_, .next = shared_.in_force.now() + kBetweenOrders.count(), .asked = asked_};
    using Why = std::optional<std::string>;  // none: it was thrown
    const bool begun = shared_.disk.run<Why>(
        [storage = shared_.storage, name = name_, pem = issued_, memory]() -> Why {
            auto why = storage.keep_certificate(name, memory.directory, pem);
            // Where this fails, a restart waits for what was noted at the beginning.
            if (why.empty()) storage.remember(name, memory);
            return why;
        },
        of_this_order<Why>([this, memory](const Why& why) {
            if (!why || !why->empty()) return not_written(why.value_or("it cannot be written"));
            memory_ = memory;
            unseen_ = true;
            shared_.in_force.look([this, weak = std::weak_ptr<int>(order_life_)](bool in_force) {
                if (weak.expired()) return;
                unseen_ = !in_force;
                issued();
            });
        }));
    if (!begun) not_written("no thread can be made");
}

void Issuance::not_written(const std::string& why) {
    if (++writes_ >= kMostWrites)
        return failed({Refusal::Kind::refused, fmt::format("it was issued and cannot be written: {}", why), {}});
    const auto pause = pause_after(writes_, {Refusal::Kind::unreachable, {}, {}});
    log_error("certificate {}: issued, and not written: {}; again in {} s", name_, why, pause.count());
    timer_.expires_after(pause);
    timer_.async_wait([this, weak = std::weak_ptr<int>(order_life_)](boost::system::error_code ec) {
        if (!ec && !weak.expired()) write();
    });
}

void Issuance::issued() {
    window_.reset();
    next_window_ = 0;
    const auto fingerprint = fingerprint_;
    ended();
    shared_.orders.tell(name_, Orders::News::issued, fingerprint);
    arm(shared_.in_force.now() + 1);
}

void Issuance::look_whether_in_force() {
    arm(shared_.in_force.now() + kLookAgain.count());
    shared_.in_force.look([this, weak = std::weak_ptr<int>(life_)](bool in_force) {
        if (weak.expired() || !in_force || !std::exchange(unseen_, false)) return;
        look();
    });
}

void Issuance::failed(const Refusal& refusal) {
    ++memory_.failures;
    memory_.last = refusal;
    memory_.asked = asked_;
    const auto pause = pause_after(memory_.failures, refusal);
    memory_.next = shared_.in_force.now() + pause.count();
    remember();
    ended();
    shared_.orders.tell(name_, Orders::News::failed, refusal.why);
    arm(memory_.next);
}

void Issuance::ended() {
    shared_.desk.close(name_);
    request_key_.assign(request_key_.size(), '\0');
    request_key_.clear();
    issued_.assign(issued_.size(), '\0');
    issued_.clear();
    watchdog_.cancel();
    order_life_.reset();
    order_.reset();
    client_.reset();
    window_asked_ = false;  // by the client that ended here
    if (std::exchange(has_turn_, false)) shared_.orders.release();
}

void Issuance::remember() {
    // Where it is not kept, what was noted at the beginning stands.
    static_cast<void>(shared_.disk.run<std::string>(
        [storage = shared_.storage, name = name_, memory = memory_] { return storage.remember(name, memory); },
        [](const std::string&) {}));
}

// Whether the authority would have it renewed at another time. Where it has no such wish, or does not answer, nothing
// is to be said.
void Issuance::look_at_window() {
    const auto identity = shared_.in_force.identity(name_);
    next_window_ = shared_.in_force.now() + next_look_at_window(seconds{0}).count();
    const auto id = identity ? renewal_id(*identity) : std::string();
    if (id.empty() || window_asked_) return;
    window_asked_ = true;
    client_ = std::make_unique<DirectoryClient>(shared_.executor, wish_.ca, AccountKey::make(),
                                                [&in_force = shared_.in_force] { return in_force.now(); });
    client_->get(directory_, [this, id](const Reply& directory) {
        const auto body = nlohmann::json::parse(directory.body, nullptr, false);
        const auto url = body.is_object() ? body.value("renewalInfo", nlohmann::json()) : nlohmann::json();
        if (directory.status != 200 || !url.is_string() || !url.get<std::string>().starts_with("https://")) {
            window_asked_ = false;
            return;
        }
        client_->get(url.get<std::string>() + '/' + id, [this](const Reply& reply) { took_window(reply); });
    });
}

void Issuance::took_window(const Reply& reply) {
    window_asked_ = false;
    if (reply.status == 200) {
        if (const auto window = read_window(reply.body)) window_ = window;
        next_window_ = shared_.in_force.now() + next_look_at_window(reply.retry_after).count();
    }
    if (!order_) arm(shared_.in_force.now() + 1);
}

Issuance::Status Issuance::status() const {
    Status out;
    out.directory = directory_;
    out.names = wish_.names;
    out.failures = memory_.failures;
    out.window = window_;
    if (memory_.failures != 0) {
        out.kind = word(memory_.last.kind);
        out.said = memory_.last.why;
    }
    if (order_) {
        out.state = "asking";
        out.step = word(order_->state());
    } else if (asked_for_turn_ || !read_) {
        out.state = "queued";
    } else {
        out.state = memory_.failures != 0 ? "failed" : "waiting";
        out.next = due();
    }
    return out;
}

}  // namespace switchyard::control::acme
