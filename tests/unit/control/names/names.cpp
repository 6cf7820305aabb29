// From the name server and the file of hosts to what the workers are given: the real watch on a loop of the test's own.
#include "control/names/names.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "config/parse.h"
#include "tests/unit/control/names/name_server.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;

constexpr std::chrono::seconds kNamesDeadline{60};

config::Model model_with(const std::string& endpoints) {
    auto parsed = config::parse(std::string_view(
        R"({"listeners": [{"name": "main", "bind": "127.0.0.1:0"}], "upstreams": {"u": {"endpoints": [)" + endpoints +
        R"(]}}, "routes": [{"name": "r", "match": {}, "split": {"u": 1}}]})"));
    REQUIRE(parsed.model);
    return std::move(*parsed.model);
}

struct House : NamesInForce, AddressReaders {
    boost::asio::io_context io;
    NameServer server{io};
    std::filesystem::path folder;
    config::Model configured = model_with(R"({"address": "app.test:80"})");
    std::uint64_t version = 0;
    std::vector<KnownAddresses> publications;
    std::vector<std::uint64_t> followed;
    std::set<std::string> down;
    AddressRows kept;
    std::vector<AddressBook::News> told;
    std::optional<Names> names;

    House() {
        static int number = 0;
        folder = std::filesystem::temp_directory_path() /
                 ("switchyard-names-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        std::filesystem::create_directories(folder);
        write_hosts("");
    }
    ~House() override { std::filesystem::remove_all(folder); }
    void write_hosts(const std::string& text) { std::ofstream(folder / "hosts") << text; }
    void start(const AddressRows& restored = {}) {
        names.emplace(io.get_executor(), config::Resolver{{server.address()}, 30s, 1}, Names::Doors{*this, *this},
                      restored, NameWatch::Files{folder / "hosts", folder / "resolv.conf"});
        names->introduce(configured);
        version = names->known().version;
        names->follow(configured);
    }
    const config::Model& model() const override { return configured; }
    std::uint64_t published() const override { return version; }
    void follow(const KnownAddresses& known) override { followed.push_back(known.version); }
    void publish(const KnownAddresses& known) override {
        CHECK(!followed.empty());
        CHECK(followed.back() == known.version);  // health first
        publications.push_back(known);
        version = known.version;
    }
    bool usable(const std::string&, const std::string& member) const override { return down.count(member) == 0; }
    void keep(const AddressRows& rows) override {
        for (const auto& [name, addresses] : rows) kept[name] = addresses;
    }
    void tell(const AddressBook::News& news) override { told.push_back(news); }
    Texts in_force() const { return publications.empty() ? Texts{} : publications.back().find("app.test"); }
    template <class Happened>
    void until(Happened happened) {
        const auto end = std::chrono::steady_clock::now() + kNamesDeadline;
        while (!happened()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            io.restart();
            io.run_one_for(100ms);
        }
    }
};

NameServer::Record at(Texts addresses) {
    return {std::move(addresses), 1, {}, 0, 0, false, false};
}

}  // namespace

TEST_CASE("a name is published when it is found, kept, and followed to where it moves") {
    House h;
    h.server.records["app.test"] = at({"127.0.0.1"});
    h.start();
    CHECK_FALSE(h.names->all_asked());
    h.until([&] { return h.in_force() == Texts{"127.0.0.1"}; });
    CHECK(h.names->all_asked());
    CHECK(h.kept.at("app.test") == Texts{"127.0.0.1"});
    h.server.records["app.test"] = at({"127.0.0.2", "127.0.0.3"});
    h.until([&] { return h.in_force() == Texts{"127.0.0.2", "127.0.0.3"}; });
    CHECK(h.kept.at("app.test") == Texts{"127.0.0.2", "127.0.0.3"});
    // With something usable at the new place nothing former was ever published beside it.
    CHECK(h.publications.size() == 2);
}

TEST_CASE("a former address stays until one of the new ones is usable") {
    House h;
    h.server.records["app.test"] = at({"127.0.0.1"});
    h.start();
    h.until([&] { return h.in_force() == Texts{"127.0.0.1"}; });
    h.down = {"app.test:80@127.0.0.2"};
    h.server.records["app.test"] = at({"127.0.0.2"});
    h.until([&] { return h.in_force() == Texts{"127.0.0.1", "127.0.0.2"}; });
    CHECK(h.names->sight("app.test").leaving == Texts{"127.0.0.1"});
    SUBCASE("it is") {
        h.down.clear();
        h.names->health_changed();
        h.until([&] { return h.in_force() == Texts{"127.0.0.2"}; });
    }
    SUBCASE("the former one is of no use, either") {
        h.down.insert("app.test:80@127.0.0.1");
        h.names->health_changed();
        h.until([&] { return h.in_force() == Texts{"127.0.0.2"}; });
    }
}

TEST_CASE("a name that cannot be looked up any more stays where it was") {
    House h;
    h.server.records["app.test"] = at({"127.0.0.1"});
    h.start();
    h.until([&] { return h.in_force() == Texts{"127.0.0.1"}; });
    h.server.records.clear();
    h.until([&] { return h.names->sight("app.test").standing == AddressBook::Standing::stale; });
    h.until([&] { return !h.told.empty() && h.told.back().kind == AddressBook::News::Kind::failed; });
    CHECK(h.in_force() == Texts{"127.0.0.1"});
    CHECK(h.names->sight("app.test").why == "there is no such name (NXDOMAIN)");
    CHECK(h.publications.size() == 1);
}

TEST_CASE("last good addresses of an earlier run are there before anybody is asked") {
    House h;
    h.server.records["app.test"] = {{}, 0, {}, 0, 0, true, false};
    h.start({{"app.test", {"127.0.0.7"}}});
    CHECK(h.names->known().find("app.test") == Texts{"127.0.0.7"});
    CHECK(h.names->all_asked());
}

TEST_CASE("the file of hosts is known at once and read again when it changes") {
    House h;
    h.write_hosts("127.0.0.4 app.test\n");
    h.start();
    CHECK(h.names->known().find("app.test") == Texts{"127.0.0.4"});
    h.until([&] { return h.kept.count("app.test") != 0; });
    h.write_hosts("127.0.0.5 app.test\n# another size\n");
    h.until([&] { return h.in_force() == Texts{"127.0.0.5"}; });
    CHECK(h.server.asked.empty());
    h.write_hosts("");
    h.until([&] { return h.names->sight("app.test").standing == AddressBook::Standing::stale; });
    CHECK(h.names->known().find("app.test") == Texts{"127.0.0.5"});
}

TEST_CASE("addresses and localhost ask nobody") {
    House h;
    h.configured = model_with(R"({"address": "127.0.0.1:80"}, {"address": "localhost:80"})");
    h.start();
    h.io.restart();
    h.io.poll();
    CHECK(h.server.asked.empty());
    CHECK(h.names->known().find("localhost") == Texts{"127.0.0.1"});
}
