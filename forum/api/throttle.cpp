#include "forum/api/throttle.h"

#include <algorithm>
#include <string>

#include "forum/domain/address.h"
#include "forum/store/allowance.h"

namespace forum {

namespace {

constexpr Instant kLoginWindow = 15 * kMinute;
constexpr std::string_view kPosts = "/api/v1/posts";
constexpr std::string_view kComments = "/api/v1/comments";
constexpr Instant kGoodLoginLife = 30 * kDay;

std::string lower_case(std::string_view name) {
    std::string out(name.substr(0, 64));
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

std::string pair_key(const Call& call, std::string_view username) {
    return "login:" + network_of(call.address) + ':' + lower_case(username);
}

// Says that a user of this account logged in from there not long ago.
std::string good_key(const Call& call, std::string_view username) {
    return "good:" + network_of(call.address) + ':' + lower_case(username);
}

std::string account_key(std::string_view username) {
    return "login:*:" + lower_case(username);
}

std::string address_key(const Call& call) {
    return "login:" + network_of(call.address);
}

[[noreturn]] void refuse_too_many(Instant window) {
    Answer answer = problem(429, "too-many", "too many attempts; wait and try again");
    answer.headers.emplace_back("Retry-After", std::to_string(std::max<Instant>(window / kSecond, 1)));
    throw Refusal(answer);
}

void require_below(Service& service, const std::string& key, Instant window, std::int64_t limit) {
    if (limit != 0 && service.counters.add(key, window, now()) > limit) refuse_too_many(window);
}

}  // namespace

Attempt throttled_attempt(Service& service, const Call& call, std::string_view username) {
    const auto begins = [&service, pair = pair_key(call, username), account = account_key(username),
                         address = address_key(call), good = good_key(call, username)] {
        require_below(service, pair, kLoginWindow, service.limits.login_pair);
        // Strangers who fail on an account from many addresses lock out each other, and not whom it belongs to.
        if (service.counters.count(good, now()) == 0) {
            require_below(service, account, kLoginWindow, service.limits.login_account);
        }
        if (service.counters.count(address, now()) >= service.limits.login_address) refuse_too_many(kLoginWindow);
    };
    const auto ends = [&service, pair = pair_key(call, username), account = account_key(username),
                       address = address_key(call), good = good_key(call, username)](bool right) {
        if (right) {
            service.counters.forget(pair);
            service.counters.forget(good);
            service.counters.add(good, kGoodLoginLife, now());
        } else {
            service.counters.add(address, kLoginWindow, now());
        }
    };
    return {begins, ends};
}

void remember_good_login(Service& service, const Call& call, std::string_view username) {
    service.counters.add(good_key(call, username), kGoodLoginLife, now());
}

void throttle_registration(Service& service, const Call& call) {
    require_below(service, "register:" + network_of(call.address), kHour, service.limits.registrations);
}

void throttle_search(Service& service, const Call& call) {
    if (service.limits.searches == 0) return;
    require_below(service, "search:" + network_of(call.address), kMinute, service.limits.searches);
}

void throttle_writes(Service& service, const Call& call) {
    if (call.caller.row == 0 || call.method == "GET" || call.method == "HEAD") return;
    const std::string account = std::to_string(call.caller.row);
    require_below(service, "writes:" + account, kMinute, service.limits.writes);
}

void require_allowance(const Service& service, Connection& connection, const Call& call) {
    const std::int64_t most_texts = service.limits.daily_texts;
    const std::int64_t most_bytes = service.limits.daily_bytes;
    if (call.caller.row == 0 || call.body.empty() || (most_texts == 0 && most_bytes == 0)) return;
    // With a key the answer, which holds the text, is kept for a day as well.
    const auto bytes = static_cast<std::int64_t>(call.body.size() * (call.idempotency_key ? 2 : 1));
    const bool is_text = call.method != "PUT" && (call.path.starts_with(kPosts) || call.path.starts_with(kComments));
    const Instant at = now();
    const Allowance used = use_allowance(connection, call.caller.row, is_text ? 1 : 0, bytes, at);
    const bool too_many_texts = is_text && most_texts != 0 && used.texts > most_texts;
    if (too_many_texts || (most_bytes != 0 && used.bytes > most_bytes)) refuse_too_many(used.ends_at - at);
}

}  // namespace forum
