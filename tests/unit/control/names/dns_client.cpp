// c-ares on Asio, against a name server of the test's own.
#include "control/names/dns_client.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "tests/unit/control/names/name_server.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

using Family = AddressBook::Family;
using Answer = AddressBook::Answer;
using Texts = std::vector<std::string>;

constexpr std::chrono::seconds kDnsDeadline{60};

struct Room {
    boost::asio::io_context io;
    NameServer server{io};
    std::optional<DnsClient> client;

    explicit Room(std::chrono::milliseconds timeout = 30s, unsigned attempts = 1) {
        client.emplace(io.get_executor(), config::Resolver{{server.address()}, timeout, attempts});
    }
    template <class Happened>
    void until(Happened happened) {
        const auto end = std::chrono::steady_clock::now() + kDnsDeadline;
        while (!happened()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            io.restart();
            io.run_one_for(100ms);
        }
    }
    Answer ask(const std::string& name, Family family = Family::v4) {
        std::optional<Answer> out;
        client->ask(name, family, [&](Answer answer) { out = std::move(answer); });
        CHECK_FALSE(out);  // never from inside the call
        until([&] { return out.has_value(); });
        std::ranges::sort(out->addresses);
        return *out;
    }
};

}  // namespace

TEST_CASE("all addresses of a name, with the least TTL on the way to them") {
    Room room;
    room.server.records["app.test"] = {{"127.0.0.2", "127.0.0.1", "::1"}, 30, {}, 0, 0, false, false};
    room.server.records["alias.test"] = {{"127.0.0.3"}, 30, "real.test", 7, 0, false, false};
    const auto both = room.ask("app.test");
    CHECK(both.complete);
    CHECK(both.addresses == Texts{"127.0.0.1", "127.0.0.2"});
    CHECK(both.ttl == 30s);
    CHECK(room.ask("app.test", Family::v6).complete);
    const auto alias = room.ask("alias.test");
    CHECK(alias.addresses == Texts{"127.0.0.3"});
    CHECK(alias.ttl == 7s);
}

TEST_CASE("nothing of a family is an answer; an error is none") {
    Room room;
    room.server.records["v4.test"] = {{"127.0.0.1"}, 30, {}, 0, 0, false, false};
    const auto none = room.ask("v4.test", Family::v6);
    CHECK(none.complete);
    CHECK(none.addresses.empty());
    room.server.records["broken.test"] = {{}, 0, {}, 0, 2, false, false};
    room.server.records["refused.test"] = {{}, 0, {}, 0, 5, false, false};
    CHECK(room.ask("gone.test").why == "there is no such name (NXDOMAIN)");
    for (const auto* name : {"broken.test", "refused.test"})
        CHECK(room.ask(name).why == "no name server has an answer (not there, SERVFAIL or REFUSED)");
    for (const auto* name : {"gone.test", "broken.test", "refused.test"}) CHECK_FALSE(room.ask(name).complete);
}

TEST_CASE("a name is asked for as it is written") {
    Room room;
    CHECK_FALSE(room.ask("app").complete);
    CHECK(room.server.asked == Texts{"app"});
}

TEST_CASE("an answer that is cut short comes whole by TCP") {
    Room room;
    NameServer::Record many{{}, 30, {}, 0, 0, false, true};
    for (int i = 1; i <= 200; ++i) many.addresses.push_back("127.0.1." + std::to_string(i));
    room.server.records["many.test"] = many;
    const auto answer = room.ask("many.test");
    CHECK(answer.complete);
    CHECK(answer.addresses.size() == 200);
    CHECK(room.server.by_tcp == 1);
    // The same client goes on by UDP.
    room.server.records["few.test"] = {{"127.0.0.1"}, 30, {}, 0, 0, false, false};
    CHECK(room.ask("few.test").addresses == Texts{"127.0.0.1"});
}

TEST_CASE("silence ends, after as many questions as are configured, while other names are answered") {
    Room room(20ms, 3);
    room.server.records["silent.test"] = {{}, 0, {}, 0, 0, true, false};
    room.server.records["app.test"] = {{"127.0.0.1"}, 30, {}, 0, 0, false, false};
    std::optional<Answer> silent;
    room.client->ask("silent.test", Family::v4, [&](Answer answer) { silent = std::move(answer); });
    room.until([&] { return silent.has_value(); });
    CHECK(silent->why == "the name server did not answer in time");
    CHECK(std::ranges::count(room.server.asked, "silent.test") == 3);
}

TEST_CASE("a server that is not there is a failure at once") {
    boost::asio::io_context io;
    std::string nobody;
    {
        NameServer gone(io);
        nobody = gone.address();
    }
    DnsClient client(io.get_executor(), {{nobody}, 30s, 1});
    std::optional<Answer> answer;
    client.ask("app.test", Family::v4, [&](Answer a) { answer = std::move(a); });
    while (!answer) io.run_one();
    CHECK_FALSE(answer->complete);
    CHECK(answer->why == "no name server has an answer (not there, SERVFAIL or REFUSED)");
}

TEST_CASE("addresses that are nobody's are no addresses") {
    Room room;
    room.server.records["blocked.test"] = {{"0.0.0.0"}, 30, {}, 0, 0, false, false};
    room.server.records["mixed.test"] = {{"0.0.0.0", "224.0.0.1", "127.0.0.1"}, 30, {}, 0, 0, false, false};
    const auto blocked = room.ask("blocked.test");
    CHECK_FALSE(blocked.complete);
    CHECK(blocked.why == "0.0.0.0 is nobody's address");
    CHECK(room.ask("mixed.test").addresses == Texts{"127.0.0.1"});
}

TEST_CASE("of an answer that is larger than what is read nothing is left out that would hide it") {
    Room room;
    NameServer::Record many{{"0.0.0.0"}, 30, {}, 0, 0, false, true};
    for (std::size_t i = 0; i < AddressBook::kMostAddresses + 20; ++i)
        many.addresses.push_back("127.0." + std::to_string(1 + i / 200) + '.' + std::to_string(1 + i % 200));
    room.server.records["many.test"] = many;
    CHECK(room.ask("many.test").addresses.size() > AddressBook::kMostAddresses);
}

TEST_CASE("questions under way survive new servers, and nobody hears of them when the client is gone") {
    Room room;
    room.server.records["app.test"] = {{"127.0.0.1"}, 30, {}, 0, 0, false, false};
    room.server.records["silent.test"] = {{}, 0, {}, 0, 0, true, false};
    std::optional<Answer> answer;
    room.client->ask("app.test", Family::v4, [&](Answer a) { answer = std::move(a); });
    room.client->renew();
    room.until([&] { return answer.has_value(); });
    CHECK(answer->complete);
    bool heard = false;
    room.client->ask("silent.test", Family::v4, [&](Answer) { heard = true; });
    room.client->renew();
    room.client->ask("silent.test", Family::v6, [&](Answer) { heard = true; });
    room.until([&] { return room.server.asked.size() >= 3; });
    room.client.reset();
    room.io.restart();
    room.io.poll();
    CHECK_FALSE(heard);
}
