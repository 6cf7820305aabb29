#include "control/acme/order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace switchyard::control::acme {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;
using std::chrono::seconds;

constexpr std::string_view kErrors = "urn:ietf:params:acme:error:";
constexpr std::size_t kLongestUrl = 2048;
constexpr std::size_t kLongestWords = 500;  // of an authority that are passed on
// Between two looks, where the authority does not say: it has mostly looked within the first second or two.
constexpr seconds kFirstLook{1}, kLongestLook{10};
constexpr seconds kLongestWaitAsked{300};

std::string text(const Json& from, const char* key) {
    if (!from.is_object()) return {};
    const auto found = from.find(key);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A server that could name another kind of place could make this program call any address.
bool is_url(const std::string& url) {
    return url.starts_with("https://") && url.size() > std::string_view("https://").size() &&
           url.size() <= kLongestUrl &&
           std::ranges::none_of(url, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

// At the beginning of a character; those of UTF-8 have at most four octets.
std::string shortened(std::string words) {
    if (words.size() <= kLongestWords) return words;
    auto end = kLongestWords;
    while (end > kLongestWords - 4 && (static_cast<unsigned char>(words[end]) & 0xc0U) == 0x80U) --end;
    words.resize(end);
    return words + "…";
}

// What others say stays one line of the log.
std::string on_one_line(std::string words) {
    std::ranges::replace_if(
        words, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    return words;
}

// "unauthorized: The key authorization file … did not match"
std::string words_of(const Json& problem) {
    auto type = text(problem, "type");
    if (type.starts_with(kErrors)) type.erase(0, kErrors.size());
    const auto detail = text(problem, "detail");
    auto out = type.empty() ? detail : detail.empty() ? type : type + ": " + detail;
    if (problem.is_object() && problem.contains("subproblems") && problem["subproblems"].is_array())
        for (const auto& one : problem["subproblems"]) {
            const auto host = one.is_object() && one.contains("identifier") ? text(one["identifier"], "value") : "";
            out += fmt::format("; {}{}", host.empty() ? "" : host + ": ", text(one, "detail"));
        }
    return shortened(std::move(out));
}

const char* doing(Order::State state) {
    using State = Order::State;
    switch (state) {
        case State::directory:
            return "asking for its directory";
        case State::account:
            return "asking for an account";
        case State::order:
            return "ordering the certificate";
        case State::authorizations:
            return "asking how the names are to be proven";
        case State::telling:
            return "saying that the proof can be looked at";
        case State::proving:
            return "asking whether it has seen the proof";
        case State::ready:
        case State::issuing:
            return "asking after the order";
        case State::finalizing:
            return "sending the request for the certificate";
        case State::download:
            return "fetching the certificate";
        default:
            return "waiting";
    }
}

}  // namespace

const char* word(Order::State state) {
    constexpr std::array<const char*, 13> kWords{"directory", "account", "order", "authorizations", "opening",
                                                 "telling",   "proving", "ready", "finalizing",     "issuing",
                                                 "download",  "kept",    "failed"};
    return kWords.at(static_cast<std::size_t>(state));
}

const char* word(Refusal::Kind kind) {
    constexpr std::array<const char*, 3> kWords{"unreachable", "refused", "rate_limited"};
    return kWords.at(static_cast<std::size_t>(kind));
}

Order::Order(Wish wish, std::string directory_url) : wish_(std::move(wish)), directory_url_(std::move(directory_url)) {}

Order::Step Order::go(State state, Step step) {
    if (++steps_ > kMostSteps && step.act != Act::keep && step.act != Act::give_up)
        return give_up(Refusal::Kind::unreachable, "the authority leads nowhere: the order was given up");
    if (state != state_ || biography_.empty()) biography_.emplace_back(word(state));
    state_ = state;
    awaited_ = step.act;
    return step;
}

Order::Step Order::give_up(Refusal::Kind kind, std::string why, seconds retry_after) {
    biography_.emplace_back(word(State::failed));
    state_ = State::failed;
    awaited_ = Act::none;
    Step out{.act = Act::give_up};
    out.refusal = {kind, on_one_line(std::move(why)), retry_after};
    return out;
}

Order::Step Order::refused_by(const Reply& reply, const Json& body) {
    using Kind = Refusal::Kind;
    const auto type = text(body, "type");
    const auto is = [&](std::string_view name) { return type == std::string(kErrors) + std::string(name); };
    auto words = words_of(body);
    if (words.empty()) words = fmt::format("it answered {}", reply.status);
    const auto why = fmt::format("{}: {}", doing(state_), words);
    if (is("rateLimited") || reply.status == 429) return give_up(Kind::rate_limited, why, reply.retry_after);
    if (reply.status >= 500 || is("serverInternal") || is("badNonce"))
        return give_up(Kind::unreachable, why, reply.retry_after);
    return give_up(Kind::refused, why, reply.retry_after);
}

// Not what RFC 8555 says: a wrong URL, a page of a machine in between.
Order::Step Order::odd(const std::string& what) {
    return give_up(Refusal::Kind::unreachable, fmt::format("{}: {}: is it an ACME directory?", doing(state_), what));
}

Order::Step Order::pause(State state, seconds asked) {
    if (++looks_ > kMostLooks)
        return give_up(Refusal::Kind::unreachable, fmt::format("{}: it has not come to an end in time", doing(state)));
    const auto by_itself = std::min(kFirstLook * (1 + looks_ / 4), kLongestLook);
    Step out{.act = Act::wait};
    out.pause = asked > seconds{0} ? std::min(asked, kLongestWaitAsked) : by_itself;
    return go(state, std::move(out));
}

Order::Step Order::fetch(State state, const std::string& url) {
    if (!is_url(url)) return odd("it names no https:// URL where one is needed");
    return go(state, {.act = Act::post, .url = url});
}

Order::Step Order::begin() {
    if (awaited_ != Act::none || over()) return {};
    return go(State::directory, {.act = Act::get, .url = directory_url_});
}

Order::Step Order::replied(const Reply& reply) {
    if (awaited_ != Act::get && awaited_ != Act::post && awaited_ != Act::post_key && awaited_ != Act::finalize)
        return {};
    if (reply.status == 0)
        return give_up(Refusal::Kind::unreachable, fmt::format("{}: {}", doing(state_), shortened(reply.body)));
    if (state_ == State::download && reply.status >= 200 && reply.status < 300) {
        if (reply.body.find("-----BEGIN CERTIFICATE-----") == std::string::npos) return odd("it holds no certificate");
        Step out{.act = Act::keep};
        out.chain = reply.body;
        return go(State::kept, std::move(out));
    }
    const auto body = Json::parse(reply.body, nullptr, false);
    if (reply.status >= 400) {
        const auto type = text(body, "type");
        // The one that it follows was replaced already: by an order whose end this process has not seen.
        if (state_ == State::order && !wish_.replaces.empty() &&
            (type.ends_with(":alreadyReplaced") || reply.status == 409)) {
            wish_.replaces.clear();
            return ask_for_order();
        }
        if (state_ == State::finalizing && type.ends_with(":orderNotReady"))
            return pause(State::ready, reply.retry_after);
        return refused_by(reply, body);
    }
    if (reply.status < 200 || reply.status >= 300) return odd(fmt::format("it answered {}", reply.status));
    if (state_ == State::telling) return tell_next();  // what it says of the challenge is asked for in time
    if (!body.is_object()) return odd("its answer is no JSON object");
    switch (state_) {
        case State::directory:
            return took_directory(body);
        case State::account:
            return took_account(reply);
        case State::order:
            return took_order(reply, body);
        case State::authorizations:
            return took_authorization(body);
        case State::proving:
            return took_proof(body, reply.retry_after);
        case State::ready:
        case State::finalizing:
        case State::issuing:
            return follow_order(body, reply.retry_after);
        default:
            return odd("its answer is none to that");
    }
}

Order::Step Order::took_directory(const Json& body) {
    new_nonce_ = text(body, "newNonce");
    new_account_ = text(body, "newAccount");
    new_order_ = text(body, "newOrder");
    renewal_info_ = text(body, "renewalInfo");
    if (!is_url(renewal_info_)) renewal_info_.clear();
    for (const auto& [name, url] : {std::pair{"newNonce", &new_nonce_}, std::pair{"newAccount", &new_account_},
                                    std::pair{"newOrder", &new_order_}})
        if (!is_url(*url)) return odd(fmt::format("it names no {}", name));
    const auto meta = body.find("meta");
    if (meta != body.end() && meta->is_object() && meta->value("externalAccountRequired", Json()) == Json(true) &&
        !wish_.bound)
        return give_up(Refusal::Kind::refused,
                       "the authority wants an account that it has given out: put its key_id and key_file into "
                       "acme.account");
    OrderedJson payload = {{"termsOfServiceAgreed", true}};
    if (!wish_.email.empty()) payload["contact"] = {"mailto:" + wish_.email};
    return go(State::account, {.act = Act::post_key, .url = new_account_, .payload = std::move(payload)});
}

Order::Step Order::took_account(const Reply& reply) {
    if (!is_url(reply.location)) return odd("it gives the account no URL");
    account_ = reply.location;
    return ask_for_order();
}

Order::Step Order::ask_for_order() {
    OrderedJson names = OrderedJson::array();
    for (const auto& name : wish_.names) names.push_back({{"type", "dns"}, {"value", name}});
    OrderedJson payload = {{"identifiers", std::move(names)}};
    if (!wish_.replaces.empty()) payload["replaces"] = wish_.replaces;
    return go(State::order, {.act = Act::post, .url = new_order_, .payload = std::move(payload)});
}

Order::Step Order::took_order(const Reply& reply, const Json& body) {
    if (text(body, "status") == "invalid") return follow_order(body, seconds{0});
    order_url_ = reply.location;
    finalize_url_ = text(body, "finalize");
    if (!is_url(order_url_) || !is_url(finalize_url_)) return odd("its order has no URL");
    const auto listed = body.find("authorizations");
    if (listed == body.end() || !listed->is_array() || listed->size() > wish_.names.size() * 2)
        return odd("its order names no authorizations");
    for (const auto& url : *listed) {
        if (!url.is_string() || !is_url(url.get<std::string>())) return odd("an authorization has no URL");
        Authorization one;
        one.url = url.get<std::string>();
        authorizations_.push_back(std::move(one));
    }
    at_ = 0;
    return next_authorization();
}

Order::Step Order::next_authorization() {
    if (at_ < authorizations_.size()) return fetch(State::authorizations, authorizations_[at_].url);
    Step out{.act = Act::open};
    for (const auto& one : authorizations_)
        if (!one.proven) out.challenges.push_back(one.challenge);
    looks_ = 0;
    if (out.challenges.empty()) return fetch(State::ready, order_url_);  // all were proven not long ago
    return go(State::opening, std::move(out));
}

// Empty: one was found.
std::string Order::choose(const Json& body, Authorization& into) const {
    const auto listed = body.find("challenges");
    std::vector<std::string> offered;
    if (listed != body.end() && listed->is_array())
        for (const auto* wanted : {"http-01", "tls-alpn-01"}) {
            const bool can = std::string_view(wanted) == "http-01" ? wish_.http : wish_.alpn;
            for (const auto& one : *listed) {
                const auto type = text(one, "type");
                if (std::ranges::find(offered, type) == offered.end()) offered.push_back(type);
                if (!can || type != wanted || text(one, "token").empty() || !is_url(text(one, "url"))) continue;
                into.challenge = {into.host, type, text(one, "token"), text(one, "url")};
                return {};
            }
        }
    std::vector<std::string> ours;
    if (wish_.http) ours.emplace_back("http-01");
    if (wish_.alpn) ours.emplace_back("tls-alpn-01");
    return fmt::format("{}: the authority offers {}, and what can be answered here is {}", into.host,
                       offered.empty() ? "no proof" : fmt::format("{}", fmt::join(offered, ", ")),
                       ours.empty() ? "none" : fmt::format("{}", fmt::join(ours, ", ")));
}

Order::Step Order::took_authorization(const Json& body) {
    auto& one = authorizations_[at_];
    one.host = body.contains("identifier") ? text(body["identifier"], "value") : "";
    if (std::ranges::find(wish_.names, one.host) == wish_.names.end())
        return odd("it asks for a proof of another name");
    const auto status = text(body, "status");
    one.proven = status == "valid";
    if (!one.proven && status != "pending")
        return give_up(Refusal::Kind::refused, fmt::format("{}: its authorization is {}", one.host, status));
    if (!one.proven)
        if (auto why = choose(body, one); !why.empty()) return give_up(Refusal::Kind::refused, std::move(why));
    ++at_;
    return next_authorization();
}

Order::Step Order::opened() {
    if (awaited_ != Act::open) return {};
    at_ = 0;
    return tell_next();
}

// One after the other; `at_` is the next one.
Order::Step Order::tell_next() {
    while (at_ < authorizations_.size() && authorizations_[at_].proven) ++at_;
    if (at_ == authorizations_.size()) {
        at_ = 0;
        return pause(State::proving, seconds{0});
    }
    const auto& url = authorizations_[at_++].challenge.url;
    return go(State::telling, {.act = Act::post, .url = url, .payload = OrderedJson::object()});
}

Order::Step Order::waited() {
    if (awaited_ != Act::wait) return {};
    if (state_ == State::proving) return look_at_next();
    return fetch(state_, order_url_);
}

Order::Step Order::look_at_next() {
    while (at_ < authorizations_.size() && authorizations_[at_].proven) ++at_;
    if (at_ < authorizations_.size()) return fetch(State::proving, authorizations_[at_].url);
    looks_ = 0;
    return fetch(State::ready, order_url_);
}

Order::Step Order::took_proof(const Json& body, seconds retry_after) {
    auto& one = authorizations_[at_];
    const auto status = text(body, "status");
    if (status == "pending" || status == "processing") return pause(State::proving, retry_after);
    one.proven = status == "valid";
    if (one.proven) return look_at_next();
    std::string said;
    if (const auto listed = body.find("challenges"); listed != body.end() && listed->is_array())
        for (const auto& challenge : *listed)
            if (challenge.is_object() && challenge.contains("error")) said = words_of(challenge["error"]);
    return give_up(Refusal::Kind::refused, fmt::format("{} could not be proven by {}: {}", one.host, one.challenge.type,
                                                       said.empty() ? "its authorization is " + status : said));
}

Order::Step Order::follow_order(const Json& body, seconds retry_after) {
    const auto status = text(body, "status");
    if (status == "valid") return fetch(State::download, text(body, "certificate"));
    if (status == "processing") return pause(State::issuing, retry_after);
    const bool asked = state_ == State::issuing || state_ == State::finalizing;
    if (status == "ready" && !asked) {
        looks_ = 0;
        return go(State::finalizing, {.act = Act::finalize, .url = finalize_url_});
    }
    if (status == "pending" || status == "ready") return pause(asked ? State::issuing : State::ready, retry_after);
    const auto error = body.find("error");
    return give_up(Refusal::Kind::refused, fmt::format("the order is {}{}", status.empty() ? "in no state" : status,
                                                       error == body.end() ? "" : ": " + words_of(*error)));
}

}  // namespace switchyard::control::acme
