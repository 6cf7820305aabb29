#include "control/names/address_book.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;
using Family = AddressBook::Family;
using Answer = AddressBook::Answer;
using Kind = AddressBook::News::Kind;
using Standing = AddressBook::Standing;

Answer good(Texts addresses, std::chrono::seconds ttl = 10s) {
    return {true, std::move(addresses), ttl, {}};
}
Answer bad(std::string why = "SERVFAIL") {
    return {false, {}, {}, std::move(why)};
}

// A book whose clock is turned by hand, and whose chance is always the latest moment.
struct Desk {
    AddressBook book{[] { return 0.0; }};
    AddressBook::Time now{};

    explicit Desk(const std::set<std::string>& names = {"app"}) { book.follow(names, now); }
    void pass(std::chrono::milliseconds time) { now += time; }
    Texts due() { return book.due(now, 100); }
    void answer(Answer v4, Answer v6 = good({}), const std::string& name = "app") {
        book.heard(name, Family::v4, std::move(v4), now);
        book.heard(name, Family::v6, std::move(v6), now);
    }
    void ask_and_answer(Answer v4, Answer v6 = good({})) {
        REQUIRE(due() == Texts{"app"});
        answer(std::move(v4), std::move(v6));
    }
    Texts used() const { return book.known().find("app"); }
    std::chrono::milliseconds until_due() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(*book.next_due() - now);
    }
};

}  // namespace

TEST_CASE("a name is asked for at once, once, and again when its answer has expired") {
    Desk d;
    CHECK(d.due() == Texts{"app"});
    CHECK(d.due().empty());
    CHECK_FALSE(d.book.next_due());
    d.answer(good({"10.0.0.2", "10.0.0.1"}), good({"fd00::1"}, 7s));
    CHECK(d.used() == Texts{"10.0.0.1", "10.0.0.2", "fd00::1"});
    CHECK(d.book.sight("app").standing == Standing::current);
    CHECK(d.until_due() == 7s);
    d.pass(6999ms);
    CHECK(d.due().empty());
    d.pass(1ms);
    CHECK(d.due() == Texts{"app"});
}

TEST_CASE("a TTL has a floor and a ceiling; chance takes off a tenth at most, never below the floor") {
    for (const auto& [ttl, pause] : {std::pair(0s, 1s), {1s, 1s}, {60s, 60s}, {300s, 300s}, {86400s, 300s}}) {
        Desk d;
        d.ask_and_answer(good({"10.0.0.1"}, ttl));
        CHECK(d.until_due() == pause);
    }
    AddressBook early([] { return 0.999; });
    early.follow({"a", "b"}, {});
    CHECK(early.due({}, 1) == Texts{"a"});
    early.heard("a", Family::v4, good({"10.0.0.1"}, 100s), {});
    early.heard("a", Family::v6, good({}), {});
    CHECK(early.due({}, 1) == Texts{"b"});
    CHECK(*early.next_due() > AddressBook::Time{} + 90s);
    CHECK(*early.next_due() < AddressBook::Time{} + 91s);
    early.heard("b", Family::v4, good({"10.0.0.1"}, 0s), {});
    early.heard("b", Family::v6, good({}), {});
    CHECK(*early.next_due() == AddressBook::Time{} + 1s);
}

TEST_CASE("what failed is no answer: the last good addresses stay, and the name is asked for less and less often") {
    Desk d;
    d.ask_and_answer(good({"10.0.0.1"}));
    const auto version = d.book.known().version;
    static_cast<void>(d.book.take_news());
    d.pass(10s);
    for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
        d.ask_and_answer(bad("no such name (NXDOMAIN)"), bad("the other"));
        CHECK(d.used() == Texts{"10.0.0.1"});
        CHECK(d.until_due() == pause);
        d.pass(pause);
    }
    CHECK(d.book.known().version == version);
    const auto sight = d.book.sight("app");
    CHECK(sight.standing == Standing::stale);
    CHECK(sight.why == "no such name (NXDOMAIN)");
    // Told once, not with every failure.
    auto news = d.book.take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].kind == Kind::failed);
    CHECK(news[0].now == Texts{"10.0.0.1"});
    d.ask_and_answer(good({"10.0.0.1"}));
    news = d.book.take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].kind == Kind::well_again);
    CHECK(d.book.sight("app").standing == Standing::current);
    CHECK(d.until_due() == 10s);
}

TEST_CASE("a name that has never been found says why; an empty answer is no answer") {
    Desk d;
    CHECK(d.book.sight("app").why == "not looked up yet");
    d.ask_and_answer(good({}), good({}));
    CHECK(d.used().empty());
    CHECK(d.book.sight("app").standing == Standing::unknown);
    CHECK(d.book.sight("app").why == "the name has no address");
    d.pass(1s);
    d.ask_and_answer(good({"10.0.0.1"}));
    d.pass(10s);
    d.ask_and_answer(good({}), good({}));
    CHECK(d.used() == Texts{"10.0.0.1"});
    CHECK(d.book.sight("app").standing == Standing::stale);
}

TEST_CASE("one family that fails keeps its addresses, whatever the other one says") {
    Desk d;
    d.ask_and_answer(good({"10.0.0.1"}), good({"fd00::1"}));
    d.pass(10s);
    d.ask_and_answer(good({"10.0.0.1"}), bad());
    CHECK(d.used() == Texts{"10.0.0.1", "fd00::1"});
    CHECK(d.book.sight("app").standing == Standing::current);
    d.pass(10s);
    d.ask_and_answer(good({}), bad());
    CHECK(d.used() == Texts{"10.0.0.1", "fd00::1"});
}

TEST_CASE("a family without addresses counts beside the other one, in whatever order they answer") {
    for (const bool v4_first : {true, false}) {
        Desk d;
        d.ask_and_answer(good({"10.0.0.1"}), good({}));
        d.pass(10s);
        REQUIRE(d.due() == Texts{"app"});
        if (v4_first) d.book.heard("app", Family::v4, good({}), d.now);
        d.book.heard("app", Family::v6, good({"fd00::1"}), d.now);
        if (!v4_first) d.book.heard("app", Family::v4, good({}), d.now);
        CHECK(d.book.current("app") == Texts{"fd00::1"});
        d.book.let_go("app");
        CHECK(d.used() == Texts{"fd00::1"});
    }
}

TEST_CASE("the first family that answers is used at once") {
    Desk d;
    REQUIRE(d.due() == Texts{"app"});
    d.book.heard("app", Family::v4, good({"10.0.0.1"}), d.now);
    CHECK(d.used() == Texts{"10.0.0.1"});
    CHECK_FALSE(d.book.next_due());
}

TEST_CASE("former addresses stay beside the new ones until they are let go") {
    Desk d;
    d.ask_and_answer(good({"10.0.0.1", "10.0.0.2"}));
    d.pass(10s);
    d.ask_and_answer(good({"10.0.0.2", "10.0.0.3"}));
    CHECK(d.used() == Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"});
    CHECK(d.book.sight("app").leaving == Texts{"10.0.0.1"});
    CHECK(d.book.with_leaving() == Texts{"app"});
    CHECK(d.book.current("app") == Texts{"10.0.0.2", "10.0.0.3"});
    const auto version = d.book.known().version;
    SUBCASE("let go") {
        d.book.let_go("app");
        CHECK(d.used() == Texts{"10.0.0.2", "10.0.0.3"});
        CHECK(d.book.known().version == version + 1);
        CHECK(d.book.with_leaving().empty());
    }
    SUBCASE("one that comes back leaves no more") {
        d.pass(10s);
        d.ask_and_answer(good({"10.0.0.1"}));
        CHECK(d.book.sight("app").leaving == Texts{"10.0.0.2", "10.0.0.3"});
        d.book.let_go("app");
        CHECK(d.used() == Texts{"10.0.0.1"});
    }
}

TEST_CASE("the file of hosts stands before the name servers, and a name that leaves it keeps its address") {
    Desk d;
    d.book.hosts({{"app", {{"127.0.0.1"}, {}}}}, d.now);
    CHECK(d.due().empty());
    CHECK(d.used() == Texts{"127.0.0.1"});
    CHECK(d.book.sight("app").standing == Standing::current);
    d.book.hosts({{"app", {{"127.0.0.2"}, {}}}}, d.now);
    CHECK(d.book.current("app") == Texts{"127.0.0.2"});
    d.book.let_go("app");
    d.book.hosts({}, d.now);
    d.ask_and_answer(bad(), bad());
    CHECK(d.used() == Texts{"127.0.0.2"});
    CHECK(d.book.sight("app").standing == Standing::stale);
    // An answer that comes after the file has spoken again is late.
    d.pass(1s);
    REQUIRE(d.due() == Texts{"app"});
    d.book.hosts({{"app", {{"127.0.0.3"}, {}}}}, d.now);
    d.answer(good({"10.0.0.9"}));
    CHECK(d.book.current("app") == Texts{"127.0.0.3"});
}

TEST_CASE("localhost is this machine's IPv4 loopback address and nobody is asked for it") {
    Desk d({"localhost", "app.localhost"});
    CHECK(d.due().empty());
    CHECK(d.book.known().find("localhost") == Texts{"127.0.0.1"});
    CHECK(d.book.known().find("app.localhost") == Texts{"127.0.0.1"});
    d.book.hosts({{"localhost", {{}, {"::1"}}}}, d.now);
    CHECK(d.book.known().find("localhost") == Texts{"127.0.0.1"});
}

TEST_CASE("a name that a configuration under way speaks of is asked for once; one that is followed no more is kept") {
    Desk d;
    d.ask_and_answer(good({"10.0.0.1"}));
    d.book.introduce({"app", "other"}, d.now);
    CHECK(d.due() == Texts{"other"});
    d.answer(good({"10.0.0.2"}), good({}), "other");
    CHECK(d.book.known().find("other") == Texts{"10.0.0.2"});
    d.pass(10s);
    CHECK(d.due() == Texts{"app"});
    d.answer(good({"10.0.0.1"}));
    d.book.follow({"other"}, d.now);
    CHECK(d.due() == Texts{"other"});
    d.answer(bad(), bad(), "other");
    CHECK(d.book.known().find("app") == Texts{"10.0.0.1"});
    d.pass(1h);
    CHECK(d.due() == Texts{"other"});
}

TEST_CASE("last good addresses of an earlier run are used until there is an answer") {
    AddressBook book([] { return 0.0; });
    AddressBook::Time now{};
    book.restore("app", {"10.0.0.1", "fd00::1"}, now);
    book.restore("old", {"10.0.0.4"}, now);
    CHECK(book.take_changed().empty());
    CHECK(book.take_news().empty());
    CHECK(book.known().find("app") == Texts{"10.0.0.1", "fd00::1"});
    book.follow({"app"}, now);
    CHECK(book.sight("app").standing == Standing::stale);
    CHECK(book.all_asked(now));
    CHECK(book.due(now, 9) == Texts{"app"});
    book.heard("app", Family::v4, good({"10.0.0.2"}), now);
    book.heard("app", Family::v6, good({}), now);
    CHECK(book.current("app") == Texts{"10.0.0.2"});
    CHECK(book.take_changed() == std::set<std::string>{"app"});
    CHECK(book.take_news().size() == 1);  // it moved; that it can be looked up is no news
}

TEST_CASE("all were asked: answered, or failed, or silent for long enough") {
    Desk d({"a", "b"});
    CHECK_FALSE(d.book.all_asked(d.now));
    REQUIRE(d.due().size() == 2);
    d.answer(good({"10.0.0.1"}), good({}), "a");
    CHECK_FALSE(d.book.all_asked(d.now));
    CHECK(d.book.all_asked(d.now + AddressBook::kFirstLook));
    d.answer(bad(), bad(), "b");
    CHECK(d.book.all_asked(d.now));
}

TEST_CASE("a new server is asked at once for what failed") {
    Desk d;
    d.ask_and_answer(bad(), bad());
    CHECK(d.due().empty());
    d.book.ask_again(d.now);
    CHECK(d.due() == Texts{"app"});
}

TEST_CASE("an answer beyond all measure is a failure") {
    Desk d;
    Texts many;
    for (int i = 0; i < 300; ++i) many.push_back("10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200));
    d.ask_and_answer(good(many));
    CHECK(d.used().empty());
    CHECK(d.book.sight("app").why == "300 addresses, more than 256");
}

TEST_CASE("names that nobody follows are forgotten beyond measure") {
    Desk d;
    std::set<std::string> many;
    for (std::size_t i = 0; i < AddressBook::kRemembered + 50; ++i) many.insert("n" + std::to_string(i));
    d.book.introduce(many, d.now);
    for (const auto& name : d.book.due(d.now, 10000)) d.answer(good({"10.0.0.1"}), good({}), name);
    CHECK(d.book.known().of.size() == many.size() + 1);
    d.book.follow({"app"}, d.now);
    CHECK(d.book.known().of.size() == AddressBook::kRemembered + 1);
    CHECK_FALSE(d.book.known().find("app").empty());
}

// Whatever happens: no failure takes an address away, the version rises with changes only, and what is followed is
// asked for again in time.
TEST_CASE("a random walk keeps the book's laws") {
    std::mt19937 random(7);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const std::vector<std::string> names{"a", "b", "c", "d"};
    for (int walk = 0; walk < 200; ++walk) {
        AddressBook book([&] { return static_cast<double>(below(1000)) / 1000; });
        AddressBook::Time now{};
        std::set<std::string> followed;
        std::map<std::string, std::pair<bool, bool>> asked;  // which halves are awaited
        auto before = book.known();
        const auto some = [&] {
            Texts out;
            for (unsigned i = below(4); i > 0; --i) out.push_back("10.0.0." + std::to_string(1 + below(5)));
            return out;
        };
        for (int step = 0; step < 200; ++step) {
            bool may_shrink = false, may_grow = false;
            switch (below(8)) {
                case 0: {
                    std::set<std::string> next;
                    for (const auto& name : names)
                        if (below(2) == 0) next.insert(name);
                    book.follow(followed = next, now);
                    may_grow = true;  // by the file
                    break;
                }
                case 1: {
                    HostsFile file;
                    if (below(2) == 0) file[names[below(4)]] = {{"127.0.0.1"}, {}};
                    book.hosts(file, now);
                    for (const auto& [name, entry] : file) asked.erase(name);
                    may_grow = !file.empty();
                    break;
                }
                case 2:
                    if (!asked.empty()) {
                        const auto name = names[below(4)];
                        book.let_go(name);
                        may_shrink = true;
                    }
                    break;
                case 3:
                    now += std::chrono::milliseconds(below(20000));
                    break;
                default:
                    if (asked.empty() || below(3) == 0) {
                        for (const auto& name : book.due(now, 1 + below(3))) asked[name] = {true, true};
                        break;
                    }
                    const auto it = std::next(asked.begin(), below(static_cast<unsigned>(asked.size())));
                    const auto name = it->first;
                    auto& half = it->second.first ? it->second.first : it->second.second;
                    const auto family = &half == &it->second.first ? Family::v4 : Family::v6;
                    half = false;
                    auto answer = below(2) == 0 ? bad() : good(family == Family::v4 ? some() : Texts{});
                    may_grow = answer.complete && !answer.addresses.empty();
                    const auto current = book.current(name);
                    book.heard(name, family, answer, now);
                    if (!answer.complete) CHECK(book.current(name) == current);
                    if (!it->second.first && !it->second.second) asked.erase(it);
                    break;
            }
            const auto& known = book.known();
            CHECK((known.version != before.version) == (known.of != before.of));
            for (const auto& [name, addresses] : before.of) {
                const auto& kept = known.find(name);
                if (!may_shrink) CHECK(std::includes(kept.begin(), kept.end(), addresses.begin(), addresses.end()));
                CHECK((addresses.empty() || !kept.empty()));
            }
            if (!may_grow)
                for (const auto& [name, addresses] : known.of) CHECK(addresses.size() <= before.find(name).size());
            for (const auto& name : followed) {
                const auto sight = book.sight(name);
                CHECK((sight.standing == Standing::current) == (sight.why.empty() && !sight.addresses.empty()));
                const auto current = book.current(name);
                CHECK(std::includes(sight.addresses.begin(), sight.addresses.end(), current.begin(), current.end()));
            }
            if (book.next_due()) CHECK(*book.next_due() <= now + AddressBook::kTtlCeiling);
            before = known;
        }
    }
}
