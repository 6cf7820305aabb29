// An order as the sum of what an authority answers: whole lives, every state against every event, and random ones.
#include "control/acme/order.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <functional>
#include <map>
#include <random>

using namespace switchyard::control::acme;
using Act = Order::Act;
using State = Order::State;
using std::chrono::seconds;

namespace {

const std::string kCa = "https://ca.test/";

Reply json(unsigned status, const std::string& body, const std::string& location = "", seconds retry = seconds{0}) {
    return {status, body, location, retry};
}
Reply directory(const std::string& more = "") {
    return json(200, fmt::format(R"({{"newNonce":"{0}n","newAccount":"{0}a","newOrder":"{0}o"{1}}})", kCa, more));
}
Reply account() {
    return json(201, R"({"status":"valid"})", kCa + "acct/1");
}
Reply order(const std::string& status, int authorizations = 1, const std::string& more = "") {
    std::string urls;
    for (int i = 0; i < authorizations; ++i) urls += fmt::format(R"({}"{}authz/{}")", i == 0 ? "" : ",", kCa, i);
    return json(201,
                fmt::format(R"({{"status":"{}","authorizations":[{}],"finalize":"{}fin"{}}})", status, urls, kCa, more),
                kCa + "order/1");
}
Reply authorization(const std::string& host, const std::string& status, const std::string& error = "",
                    const std::string& types = "http-01 tls-alpn-01 dns-01") {
    std::string challenges;
    for (const auto* type : {"dns-01", "http-01", "tls-alpn-01"})
        if (types.find(type) != types.npos)
            challenges +=
                fmt::format(R"({}{{"type":"{}","url":"{}ch/{}/{}","token":"tok-{}","status":"pending"{}}})",
                            challenges.empty() ? "" : ",", type, kCa, host, type, host,
                            error.empty() || std::string_view(type) != "http-01" ? "" : ",\"error\":" + error);
    return json(200, fmt::format(R"({{"identifier":{{"type":"dns","value":"{}"}},"status":"{}","challenges":[{}]}})",
                                 host, status, challenges));
}
Reply problem(unsigned status, const std::string& type, const std::string& detail, seconds retry = seconds{0}) {
    return json(status, fmt::format(R"({{"type":"urn:ietf:params:acme:error:{}","detail":"{}"}})", type, detail), "",
                retry);
}
Reply certificate() {
    return {200, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"};
}

Order::Wish wish(std::vector<std::string> names = {"a.test"}) {
    return {.names = std::move(names), .email = "admin@a.test"};
}
Order fresh(Order::Wish wanted = wish()) {
    return Order(std::move(wanted), kCa + "dir");
}

// To where it waits for the first look at the proof.
Order::Step to_proving(Order& one) {
    one.begin();
    one.replied(directory());
    one.replied(account());
    one.replied(order("pending"));
    one.replied(authorization("a.test", "pending"));
    one.opened();
    return one.replied(json(200, R"({"status":"processing"})"));
}

std::string life(const Order& one) {
    return fmt::format("{}", fmt::join(one.biography(), " "));
}

}  // namespace

TEST_CASE("a life without trouble: each step asks for what RFC 8555 says, and the authority is told last") {
    auto one = fresh(wish({"a.test", "b.test"}));
    auto step = one.begin();
    CHECK(step.act == Act::get);
    CHECK(step.url == kCa + "dir");
    step = one.replied(directory());
    CHECK(step.act == Act::post_key);
    CHECK(step.url == kCa + "a");
    CHECK(step.payload->dump() == R"({"termsOfServiceAgreed":true,"contact":["mailto:admin@a.test"]})");
    step = one.replied(account());
    CHECK(one.account() == kCa + "acct/1");
    CHECK(step.act == Act::post);
    CHECK(step.payload->dump() ==
          R"({"identifiers":[{"type":"dns","value":"a.test"},{"type":"dns","value":"b.test"}]})");
    step = one.replied(order("pending", 2));
    CHECK(step.url == kCa + "authz/0");
    CHECK_FALSE(step.payload);
    step = one.replied(authorization("a.test", "pending"));
    CHECK(step.url == kCa + "authz/1");
    step = one.replied(authorization("b.test", "pending"));
    REQUIRE(step.act == Act::open);
    CHECK(step.challenges ==
          std::vector<OpenChallenge>{{"a.test", "http-01", "tok-a.test", kCa + "ch/a.test/http-01"},
                                     {"b.test", "http-01", "tok-b.test", kCa + "ch/b.test/http-01"}});
    step = one.opened();
    CHECK(step.url == kCa + "ch/a.test/http-01");
    CHECK(step.payload->dump() == "{}");
    step = one.replied(json(200, R"({"status":"processing"})"));
    CHECK(step.url == kCa + "ch/b.test/http-01");
    step = one.replied(json(200, R"({"status":"processing"})"));
    CHECK(step.act == Act::wait);
    CHECK(step.pause == seconds{1});
    step = one.waited();
    CHECK(step.url == kCa + "authz/0");
    step = one.replied(authorization("a.test", "pending"));
    CHECK(step.act == Act::wait);
    step = one.waited();
    step = one.replied(authorization("a.test", "valid"));
    CHECK(step.url == kCa + "authz/1");
    step = one.replied(authorization("b.test", "valid"));
    CHECK(step.url == kCa + "order/1");
    step = one.replied(order("ready", 2));
    CHECK(step.act == Act::finalize);
    CHECK(step.url == kCa + "fin");
    step = one.replied(json(200, R"({"status":"processing"})", "", seconds{3}));
    CHECK(step.act == Act::wait);
    CHECK(step.pause == seconds{3});
    step = one.waited();
    CHECK(step.url == kCa + "order/1");
    step = one.replied(order("valid", 2, fmt::format(R"(,"certificate":"{}cert")", kCa)));
    CHECK(step.url == kCa + "cert");
    CHECK_FALSE(step.payload);
    step = one.replied(certificate());
    CHECK(step.act == Act::keep);
    CHECK(step.chain == certificate().body);
    CHECK(one.over());
    CHECK(life(one) ==
          "directory account order authorizations opening telling proving ready finalizing issuing download kept");
}

TEST_CASE("what was proven not long ago is not proven again") {
    auto one = fresh();
    one.begin();
    one.replied(directory());
    one.replied(account());
    one.replied(order("ready"));
    const auto step = one.replied(authorization("a.test", "valid"));
    CHECK(step.act == Act::post);
    CHECK(step.url == kCa + "order/1");
    CHECK(one.replied(order("ready")).act == Act::finalize);
    CHECK(life(one) == "directory account order authorizations ready finalizing");
}

TEST_CASE("the proof is one that a listener can answer; where there is none, both sides are said") {
    const auto opens = [](bool http, bool alpn, const std::string& offered) {
        auto wanted = wish();
        wanted.http = http;
        wanted.alpn = alpn;
        auto one = fresh(wanted);
        one.begin();
        one.replied(directory());
        one.replied(account());
        one.replied(order("pending"));
        const auto step = one.replied(authorization("a.test", "pending", "", offered));
        return step.act == Act::open ? step.challenges.at(0).type : step.refusal.why;
    };
    CHECK(opens(true, true, "http-01 tls-alpn-01") == "http-01");
    CHECK(opens(true, true, "tls-alpn-01 dns-01") == "tls-alpn-01");
    CHECK(opens(false, true, "http-01 tls-alpn-01") == "tls-alpn-01");
    CHECK(opens(true, true, "dns-01") ==
          "a.test: the authority offers dns-01, and what can be answered here is http-01, tls-alpn-01");
    CHECK(opens(false, false, "http-01") ==
          "a.test: the authority offers http-01, and what can be answered here is none");
}

TEST_CASE("what the authority says is said, with what was being done, and counts as what it is") {
    using Kind = Refusal::Kind;
    struct Row {
        const char* title;
        State at;
        Reply reply;
        Kind kind;
        const char* words;
        int retry = 0;
    };
    const std::vector<Row> rows{
        {"away",
         State::directory,
         {0, "connecting to https://ca.test: Connection refused"},
         Kind::unreachable,
         "asking for its directory: connecting to https://ca.test: Connection refused"},
        {"a page", State::directory, json(200, "<html>"), Kind::unreachable,
         "asking for its directory: its answer is no JSON object: is it an ACME directory?"},
        {"another document", State::directory, json(200, R"({"a":1})"), Kind::unreachable,
         "asking for its directory: it names no newNonce: is it an ACME directory?"},
        {"a way in clear", State::directory,
         json(200,
              R"({"newNonce":"http://ca.test/n","newAccount":"https://ca.test/a","newOrder":"https://ca.test/o"})"),
         Kind::unreachable, "asking for its directory: it names no newNonce: is it an ACME directory?"},
        {"maintenance", State::directory, json(503, "later", "", seconds{120}), Kind::unreachable,
         "asking for its directory: it answered 503", 120},
        {"moved", State::directory, json(301, ""), Kind::unreachable,
         "asking for its directory: it answered 301: is it an ACME directory?"},
        {"terms", State::account, problem(403, "userActionRequired", "new terms"), Kind::refused,
         "asking for an account: userActionRequired: new terms"},
        {"no url", State::account, json(201, "{}"), Kind::unreachable,
         "asking for an account: it gives the account no URL: is it an ACME directory?"},
        {"too many", State::order, problem(429, "rateLimited", "too many certificates", seconds{3600}),
         Kind::rate_limited, "ordering the certificate: rateLimited: too many certificates", 3600},
        {"rejected", State::order,
         json(400, R"({"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no","subproblems":)"
                   R"([{"identifier":{"value":"a.test"},"detail":"forbidden by policy"}]})"),
         Kind::refused, "ordering the certificate: rejectedIdentifier: no; a.test: forbidden by policy"},
        {"nonces", State::order, problem(400, "badNonce", "old"), Kind::unreachable,
         "ordering the certificate: badNonce: old"},
        {"its own trouble", State::order, problem(500, "serverInternal", "oops"), Kind::unreachable,
         "ordering the certificate: serverInternal: oops"},
        {"deactivated", State::authorizations, authorization("a.test", "deactivated"), Kind::refused,
         "a.test: its authorization is deactivated"},
        {"another name", State::authorizations, authorization("evil.test", "pending"), Kind::unreachable,
         "asking how the names are to be proven: it asks for a proof of another name: is it an ACME directory?"},
        {"refused challenge", State::telling, problem(403, "unauthorized", "who are you"), Kind::refused,
         "saying that the proof can be looked at: unauthorized: who are you"},
        {"wrong proof", State::proving,
         authorization("a.test", "invalid",
                       R"({"type":"urn:ietf:params:acme:error:unauthorized","detail":"it said 404"})"),
         Kind::refused, "a.test could not be proven by http-01: unauthorized: it said 404"},
        {"wrong proof without words", State::proving, authorization("a.test", "invalid"), Kind::refused,
         "a.test could not be proven by http-01: its authorization is invalid"},
        {"bad request", State::finalizing, problem(400, "badCSR", "no"), Kind::refused,
         "sending the request for the certificate: badCSR: no"},
        {"invalid order", State::finalizing,
         json(200, R"({"status":"invalid","error":{"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids"}})"),
         Kind::refused, "the order is invalid: caa: CAA forbids"},
        {"no certificate",
         State::download,
         {200, "hello"},
         Kind::unreachable,
         "fetching the certificate: it holds no certificate: is it an ACME directory?"},
        {"gone", State::download, json(404, ""), Kind::refused, "fetching the certificate: it answered 404"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.title);
        auto one = fresh();
        one.begin();
        const std::vector<std::function<void()>> ways{
            [&] { one.replied(directory()); },
            [&] { one.replied(account()); },
            [&] { one.replied(order("pending")); },
            [&] { one.replied(authorization("a.test", "pending")); },
            [&] { one.opened(); },
            [&] { one.replied(json(200, "{}")), one.waited(); },
            [&] { one.replied(authorization("a.test", "valid")), one.replied(order("ready")); },
            [&] { one.replied(order("valid", 1, fmt::format(R"(,"certificate":"{}c")", kCa))); },
        };
        for (std::size_t i = 0; one.state() != row.at; ++i) ways.at(i)();
        const auto step = one.replied(row.reply);
        REQUIRE(step.act == Act::give_up);
        CHECK(step.refusal.kind == row.kind);
        CHECK(step.refusal.why == row.words);
        CHECK(step.refusal.retry_after == seconds{row.retry});
        CHECK(one.over());
        // And nothing after it.
        CHECK(one.begin().act == Act::none);
        CHECK(one.replied(row.reply).act == Act::none);
        CHECK(one.opened().act == Act::none);
        CHECK(one.waited().act == Act::none);
    }
}

TEST_CASE("the authority's words stay one line, and are cut between two characters") {
    for (std::size_t before = 0; before < 4; ++before) {
        std::string detail(before, 'x');
        for (int i = 0; i < 300; ++i) detail += "€";
        auto one = fresh();
        one.begin();
        const auto why = one.replied(problem(400, "malformed", detail)).refusal.why;
        CHECK(why.ends_with("€…"));
        CHECK(why.size() < 600);
        CHECK_NOTHROW(nlohmann::json(why).dump());
    }
    auto one = fresh();
    one.begin();
    const auto why = one.replied(problem(400, "malformed", "no\\n2026-11-30 certificate shop: issued")).refusal.why;
    CHECK(why.ends_with("no 2026-11-30 certificate shop: issued"));
}

TEST_CASE("an authority that wants an account of its own is told apart before anything is asked of it") {
    auto one = fresh();
    one.begin();
    const auto step = one.replied(directory(R"(,"meta":{"externalAccountRequired":true})"));
    REQUIRE(step.act == Act::give_up);
    CHECK(step.refusal.why.find("put its key_id and key_file into acme.account") != std::string::npos);
    auto wanted = wish();
    wanted.bound = true;
    auto other = fresh(wanted);
    other.begin();
    CHECK(other.replied(directory(R"(,"meta":{"externalAccountRequired":true})")).act == Act::post_key);
}

TEST_CASE("a renewal says what it follows; one that was followed already is ordered without") {
    auto wanted = wish();
    wanted.replaces = "aki.serial";
    auto one = fresh(wanted);
    one.begin();
    one.replied(directory());
    auto step = one.replied(account());
    CHECK(step.payload->value("replaces", "") == "aki.serial");
    step = one.replied(problem(409, "alreadyReplaced", "by another order"));
    CHECK(step.act == Act::post);
    CHECK_FALSE(step.payload->contains("replaces"));
}

TEST_CASE("an order that is not ready yet is looked at again; one that never is is given up") {
    auto one = fresh();
    to_proving(one);
    one.waited();
    one.replied(authorization("a.test", "valid"));
    auto step = one.replied(order("pending"));
    CHECK(step.act == Act::wait);
    step = one.waited();
    step = one.replied(order("ready"));
    CHECK(step.act == Act::finalize);
    step = one.replied(problem(403, "orderNotReady", "wait"));
    CHECK(step.act == Act::wait);
    unsigned looks = 0;
    for (; step.act == Act::wait && looks < 1000; ++looks) {
        one.waited();
        step = one.replied(order("pending"));
    }
    CHECK(looks < Order::kMostLooks + 2);
    CHECK(step.refusal.kind == Refusal::Kind::unreachable);
}

TEST_CASE("every state against every event: what nobody waits for changes nothing") {
    const std::vector<std::function<void(Order&)>> ways{
        [](Order&) {},
        [](Order& o) { o.begin(); },
        [](Order& o) { o.begin(), o.replied(directory()); },
        [](Order& o) { o.begin(), o.replied(directory()), o.replied(account()); },
        [](Order& o) { o.begin(), o.replied(directory()), o.replied(account()), o.replied(order("pending")); },
        [](Order& o) {
            o.begin(), o.replied(directory()), o.replied(account()), o.replied(order("pending"));
            o.replied(authorization("a.test", "pending"));
        },
        [](Order& o) { to_proving(o); },
        [](Order& o) { to_proving(o), o.waited(); },
    };
    for (std::size_t way = 0; way < ways.size(); ++way) {
        CAPTURE(way);
        // What each place waits for: 0 begin, 1 reply, 2 opened, 3 waited.
        constexpr std::array<int, 8> kAwaited{0, 1, 1, 1, 1, 2, 3, 1};
        for (int event = 0; event < 4; ++event) {
            CAPTURE(event);
            if (event == kAwaited.at(way)) continue;
            auto one = fresh();
            ways[way](one);
            const auto before = one.state();
            const auto biography = one.biography();
            const auto step = event == 0   ? one.begin()
                              : event == 1 ? one.replied(certificate())
                              : event == 2 ? one.opened()
                                           : one.waited();
            CHECK(step.act == Act::none);
            CHECK(one.state() == before);
            CHECK(one.biography() == biography);
        }
    }
}

TEST_CASE("whatever an authority answers, it ends, and nothing is told or finalized before its time") {
    for (unsigned seed = 1; seed <= 3'000; ++seed) {
        CAPTURE(seed);
        std::mt19937 dice(seed);
        const auto one_in = [&](unsigned of) { return dice() % of == 0; };
        const std::vector<std::string> names{"a.test", "b.test", "c.test"};
        auto one = fresh(wish(names));
        std::map<std::string, bool> proven;
        bool opened = false;
        auto step = one.begin();
        unsigned acts = 0;
        for (; step.act != Act::keep && step.act != Act::give_up; ++acts) {
            REQUIRE(acts <= Order::kMostSteps + 1);
            REQUIRE(step.act != Act::none);
            if (step.act == Act::open) {
                REQUIRE_FALSE(step.challenges.empty());
                opened = true;
                step = one.opened();
                continue;
            }
            if (step.act == Act::wait) {
                REQUIRE(step.pause >= seconds{1});
                REQUIRE(step.pause <= seconds{300});
                step = one.waited();
                continue;
            }
            REQUIRE(step.url.starts_with("https://"));
            if (step.act == Act::finalize)
                for (const auto& name : names) REQUIRE(proven[name]);
            const bool tells = step.url.find("/ch/") != std::string::npos;
            if (tells) REQUIRE(opened);
            // Mostly what it should be; now and then anything.
            if (one_in(40)) {
                static const std::vector<Reply> kOdd{{0, "cut"},
                                                     json(200, "[]"),
                                                     json(200, "{}"),
                                                     json(200, R"({"status":7,"authorizations":"x"})"),
                                                     json(500, "x"),
                                                     problem(400, "malformed", "x"),
                                                     json(200, R"({"identifier":[],"challenges":{}})"),
                                                     order("invalid"),
                                                     json(200, R"({"status":"valid","certificate":9})"),
                                                     json(204, "")};
                const auto& odd = kOdd[dice() % kOdd.size()];
                // Its word is its word.
                if (step.url.starts_with(kCa + "authz/") && odd.body.find(R"("status":"valid")") != odd.body.npos)
                    proven[names.at(static_cast<std::size_t>(step.url.back() - '0'))] = true;
                step = one.replied(odd);
                continue;
            }
            if (step.url == kCa + "dir") {
                step = one.replied(directory());
            } else if (step.url == kCa + "a") {
                step = one.replied(account());
            } else if (step.url == kCa + "o") {
                step = one.replied(order("pending", 3));
            } else if (step.url.starts_with(kCa + "authz/")) {
                const auto& name = names.at(static_cast<std::size_t>(step.url.back() - '0'));
                const bool valid = one_in(3), invalid = one_in(30);
                if (valid && !invalid) proven[name] = true;
                step = one.replied(authorization(name, invalid ? "invalid" : valid ? "valid" : "pending"));
            } else if (tells) {
                step = one.replied(json(200, R"({"status":"processing"})"));
            } else if (step.url == kCa + "fin") {
                step = one.replied(json(200, R"({"status":"processing"})"));
            } else if (step.url == kCa + "cert") {
                step = one.replied(certificate());
            } else {
                const bool done = one.state() == State::issuing;
                step = one.replied(one_in(3) ? order(done ? "processing" : "pending", 3)
                                   : done    ? order("valid", 3, fmt::format(R"(,"certificate":"{}cert")", kCa))
                                             : order("ready", 3));
            }
        }
        CHECK(one.over());
        if (step.act == Act::give_up) CHECK_FALSE(step.refusal.why.empty());
    }
}
