// The whole API without its server: a database of its own, an account of each role, and calls as the server makes them.
//
// Threads: one, beside the store's own.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "forum/api/dispatch.h"
#include "forum/api/service.h"
#include "forum/auth/access_token.h"
#include "forum/routes.h"
#include "forum/store/accounts.h"
#include "forum/store/sessions.h"
#include "tests/unit/forum/store/store_fixture.h"

namespace forum {

struct Ask {
    std::string as = {};  // user name; empty: a guest
    nlohmann::json body = {};
    std::string if_match = {};
    std::optional<std::string> key = {};  // Idempotency-Key
    std::vector<std::pair<std::string, std::string>> query = {};
    bool direct = false;
    std::string authorization = {};  // instead of `as`
};

struct Got {
    int status = 0;
    nlohmann::json json;
    Answer answer;
    std::string failure;  // what was not foreseen
};

class Desk {
  public:
    Desk() {
        life_.started = true;
        add("maya", Role::member);
        add("noor", Role::member);
        add("mod", Role::moderator);
        add("boss", Role::admin);
        add("gone", Role::member);
        store_.writer.run(
            [&](Connection& c) { set_ban(c, account_named(c, "gone").value().row, now() + kDay, "spam"); });
    }

    Got ask(std::string method, std::string path, const Ask& with = {}) {
        Call call;
        call.method = std::move(method);
        call.path = std::move(path);
        call.query = with.query;
        call.address = "192.0.2.1";
        call.direct = with.direct;
        call.if_match = with.if_match;
        call.idempotency_key = with.key;
        call.authorization = with.authorization;
        if (!with.as.empty()) call.authorization = "Bearer " + token(with.as);
        if (!with.body.is_null()) {
            call.body = with.body.dump();
            call.content_type = "application/json";
        }
        const auto done = dispatcher_.dispatch(call);
        auto json = nlohmann::json::parse(done.answer.body, nullptr, false);
        return {done.answer.status, json.is_discarded() ? nlohmann::json() : std::move(json), done.answer,
                done.failure};
    }

    // A new one of maya's; its id.
    std::string post(const std::string& title = "A title") {
        return ask("POST", "/api/v1/posts",
                   {.as = "maya", .body = {{"category", "general"}, {"title", title}, {"body", "Some words."}}})
            .json.at("id");
    }
    std::string comment(const std::string& post, const std::string& as, const std::string& body = "An answer.") {
        return ask("POST", "/api/v1/posts/" + post + "/comments", {.as = as, .body = {{"body", body}}}).json.at("id");
    }

    ApiLimits& limits() { return service_.limits; }
    Lifecycle& life() { return life_; }
    // Signed with the newest key, as a login gives it.
    std::string token(const std::string& username) {
        Session session;
        store_.writer.run([&](Connection& c) {
            session = open_session(c, account_named(c, username).value().row, now(), now() + kDay);
        });
        return sign_access_token(keys_.newest(), {session.public_id, now(), now() + kHour});
    }

  private:
    void add(const std::string& username, Role role) {
        store_.writer.run([&](Connection& c) { add_account(c, username, "no password", role, now()); });
    }
    static std::vector<std::string_view> operations() {
        std::vector<std::string_view> out;
        for (const auto& endpoint : endpoints()) out.push_back(endpoint.operation);
        return out;
    }

    static constexpr Instant kPatience = kMinute;
    static constexpr std::size_t kCache = 1 << 20;
    Directory directory_;
    Store store_{migrated(directory_), kPatience};
    KeyRing keys_{store_};
    PasswordHasher hasher_{1};
    RenderedTexts texts_{kCache};
    PageCache pages_{kCache, kMinute, nullptr, "unit", [this] { return keys_.newest().secret; }};
    Counters counters_{nullptr};
    Lifecycle life_;
    Metrics metrics_{operations()};
    Service service_{store_, keys_, hasher_, pages_, texts_, counters_, nullptr, life_, metrics_, CursorSeal("unit"),
                     {}};
    Dispatcher dispatcher_{service_, endpoints()};
};

}  // namespace forum
