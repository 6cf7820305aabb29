#include "control/acme/issuance.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "control/acme/base64url.h"
#include "control/acme/directory_client.h"
#include "control/acme/request_keys.h"

namespace switchyard::control::acme {
namespace {

using std::chrono::seconds;

constexpr seconds kLongestSleep{600};  // a clock may be set

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

}  // namespace

std::string directory_url(const std::string& directory) {
    if (directory == "letsencrypt") return "https://acme-v02.api.letsencrypt.org/directory";
    if (directory == "letsencrypt-staging") return "https://acme-staging-v02.api.letsencrypt.org/directory";
    return directory;
}

Issuance::Issuance(const Ports& ports, std::string name, config::Acme wish, Ways ways, bool anew)
    : ports_(ports),
      name_(std::move(name)),
      wish_(std::move(wish)),
      ways_(ways),
      directory_(directory_url(wish_.directory)),
      timer_(ports.executor),
      anew_(anew) {}

Issuance::~Issuance() {
    timer_.cancel();
    client_.reset();
    ports_.desk.close(name_);
    if (has_turn_) ports_.release();
}

// What comes back after its end finds nobody.
std::function<void(Reply)> Issuance::replies() {
    return [this, weak = std::weak_ptr<int>(life_)](Reply reply) {
        if (!weak.expired() && order_) act(order_->replied(reply));
    };
}

std::int64_t Issuance::due() const {
    const auto identity = ports_.in_force(name_);
    const auto after_failure = memory_.failures == 0 ? std::int64_t{0} : memory_.next;
    if (!identity || memory_.directory != directory_) return after_failure;
    const std::set<std::string> there(identity->names.begin(), identity->names.end()),
        wanted(wish_.names.begin(), wish_.names.end());
    if (there != wanted) return after_failure;
    const auto draw = drawn_from(identity->fingerprint);
    return std::max(after_failure, renew_at(identity->not_before, identity->not_after, window_, draw));
}

void Issuance::arm(std::int64_t at) {
    timer_.expires_after(std::clamp(seconds{at - ports_.now()}, seconds{1}, kLongestSleep));
    timer_.async_wait([this, weak = std::weak_ptr<int>(life_)](boost::system::error_code ec) {
        if (!ec && !weak.expired()) look();
    });
}

void Issuance::look() {
    if (order_ || asked_for_turn_ || reading_) return;
    if (!read_) {
        reading_ = true;
        const auto found = std::make_shared<Memory>();
        const bool begun =
            ports_.aside.run([found, &storage = ports_.storage, name = name_] { *found = storage.memory(name); },
                             [this, found, weak = std::weak_ptr<int>(life_)] {
                                 if (weak.expired()) return;
                                 reading_ = false;
                                 read_ = true;
                                 memory_ = *found;
                                 if (anew_) memory_.failures = 0;
                                 look();
                             });
        if (!begun) {
            reading_ = false;
            arm(ports_.now() + 1);
        }
        return;
    }
    const auto at = due(), now = ports_.now();
    if (!at_once_ && at > now) {
        if (now >= next_window_) look_at_window();
        return arm(std::min(at, std::max(next_window_, now + 1)));
    }
    at_once_ = false;
    asked_for_turn_ = true;
    ports_.turn([this, weak = std::weak_ptr<int>(life_)] {
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
    if (const auto identity = ports_.in_force(name_); identity && window_) wish.replaces = renewal_id(*identity);
    order_ = std::make_unique<Order>(std::move(wish), directory_);
    ports_.tell(name_, Ports::News::asking, fmt::format("from {}", directory_));
    const auto drawn = std::make_shared<Drawn>();
    const auto id = account_id(directory_, wish_.account ? wish_.account->key_id : "");
    const bool begun = ports_.aside.run(
        [drawn, &storage = ports_.storage, id, account = wish_.account] {
            if (const auto pem = storage.account(id)) drawn->key = AccountKey::from_pem(*pem);
            if (!drawn->key) {
                drawn->key = AccountKey::make();
                drawn->why = storage.keep_account(id, drawn->key->pem());
            }
            if (account && drawn->why.empty()) drawn->mac_key = mac_key_in(account->key_file, drawn->why);
        },
        [this, drawn, weak = std::weak_ptr<int>(life_)] {
            if (!weak.expired()) prepared(*drawn);
        });
    if (!begun) failed({Refusal::Kind::unreachable, "too much waits for the disk", {}});
}

void Issuance::prepared(const Drawn& drawn) {
    if (!drawn.key || !drawn.why.empty())
        return failed({Refusal::Kind::unreachable, drawn.why.empty() ? "no key can be drawn" : drawn.why, {}});
    mac_key_ = drawn.mac_key;
    window_asked_ = false;  // by the client that ends here
    client_ = std::make_unique<DirectoryClient>(ports_.executor, wish_.ca, *drawn.key, ports_.now);
    act(order_->begin());
}

void Issuance::act(Order::Step step) {
    using Act = Order::Act;
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
                if (!ec && !weak.expired() && order_) act(order_->waited());
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
    ports_.desk.open(name_, std::move(own), [this, weak = std::weak_ptr<int>(life_)](bool everywhere) {
        if (weak.expired() || !order_) return;
        if (everywhere) return act(order_->opened());
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
    if (!chain.ends_with('\n')) chain += '\n';
    const auto trouble = std::make_shared<std::string>();
    const Memory memory{.directory = directory_};
    const bool begun = ports_.aside.run(
        [trouble, &storage = ports_.storage, name = name_, pem = chain + request_key_, memory] {
            *trouble = storage.keep_certificate(name, memory.directory, pem);
            if (trouble->empty()) *trouble = storage.remember(name, memory);
        },
        [this, trouble, memory, weak = std::weak_ptr<int>(life_)] {
            if (weak.expired()) return;
            if (!trouble->empty()) return failed({Refusal::Kind::unreachable, *trouble, {}});
            memory_ = memory;
            ports_.look([this, weak](bool) {
                if (!weak.expired()) issued();
            });
        });
    if (!begun) failed({Refusal::Kind::unreachable, "too much waits for the disk", {}});
}

void Issuance::issued() {
    window_.reset();
    next_window_ = 0;
    const auto identity = ports_.in_force(name_);
    ended();
    ports_.tell(name_, Ports::News::issued, identity ? identity->fingerprint : "");
    arm(ports_.now() + 1);
}

void Issuance::failed(const Refusal& refusal) {
    ++memory_.failures;
    memory_.last = refusal;
    const auto pause = pause_after(memory_.failures, refusal);
    memory_.next = ports_.now() + pause.count();
    remember();
    ended();
    ports_.tell(name_, Ports::News::failed, refusal.why);
    arm(memory_.next);
}

void Issuance::ended() {
    ports_.desk.close(name_);
    request_key_.assign(request_key_.size(), '\0');
    request_key_.clear();
    order_.reset();
    client_.reset();
    if (std::exchange(has_turn_, false)) ports_.release();
}

void Issuance::remember() {
    ports_.aside.run([&storage = ports_.storage, name = name_, memory = memory_] { storage.remember(name, memory); },
                     [] {});
}

// Whether the authority would have it renewed at another time. Where it has no such wish, or does not answer, nothing
// is to be said.
void Issuance::look_at_window() {
    const auto identity = ports_.in_force(name_);
    next_window_ = ports_.now() + next_look_at_window(seconds{0}).count();
    const auto id = identity ? renewal_id(*identity) : std::string();
    if (id.empty() || window_asked_) return;
    window_asked_ = true;
    client_ = std::make_unique<DirectoryClient>(ports_.executor, wish_.ca, AccountKey::make(), ports_.now);
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
        next_window_ = ports_.now() + next_look_at_window(reply.retry_after).count();
    }
    if (!order_) arm(ports_.now() + 1);
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
