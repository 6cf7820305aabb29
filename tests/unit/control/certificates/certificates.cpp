// Certificates while they are in force: files that are exchanged, go away and come back, and an end that comes nearer.
#include "control/certificates/certificates.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "config/parse.h"
#include "tests/support/certificates.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds kCertificatesDeadline{60};
constexpr std::int64_t kDay = 24 * 3600;

const test::Authority& signer() {
    static const test::Authority made("authority of the test");
    return made;
}

struct Shop : ShownGeneration, CertificateClock {
    boost::asio::io_context io;
    std::filesystem::path folder;
    CertificateShelf shelf;
    EventLog events{1};
    config::Model configured;
    std::int64_t time = std::time(nullptr);
    std::vector<std::shared_ptr<const net::TlsPolicy>> published;
    std::vector<AuditEntry> audit;
    std::optional<Certificates> certificates;

    Shop() {
        static int number = 0;
        folder = std::filesystem::temp_directory_path() /
                 ("switchyard-certificates-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        std::filesystem::create_directories(folder / "tls");
        configured = model_with({"shop"});
    }
    ~Shop() override {
        if (certificates) certificates->stop();
        std::filesystem::remove_all(folder);
    }
    // Whole in one step, as who renews a certificate does it.
    void write(const std::string& name, const test::Made& made) const {
        for (const auto& [end, text] : {std::pair{".pem", &made.certificate}, {".key", &made.key}}) {
            std::ofstream(folder / "tls" / (name + ".new")) << *text;
            std::filesystem::rename(folder / "tls" / (name + ".new"), folder / "tls" / (name + end));
        }
    }
    std::string path(const std::string& file) const { return (folder / "tls" / file).string(); }
    config::Model model_with(const std::vector<std::string>& names) const {
        std::string files, list;
        for (const auto& name : names) {
            files += (files.empty() ? "\"" : ", \"") + name + R"(": {"chain": ")" + path(name + ".pem") +
                     R"(", "key": ")" + path(name + ".key") + "\"}";
            list += (list.empty() ? "\"" : ", \"") + name + '"';
        }
        auto parsed = config::parse(std::string_view(R"({"certificates": {)" + files +
                                                     R"(}, "listeners": [{"name": "https", "bind": "127.0.0.1:0", )"
                                                     R"("tls": {"certificates": [)" +
                                                     list + "]}}]}"));
        REQUIRE_MESSAGE(parsed.model, (parsed.errors.empty() ? "" : parsed.errors[0].detail));
        return std::move(*parsed.model);
    }
    std::vector<config::Error> errors;
    std::shared_ptr<const net::TlsPolicy> policy() {
        errors.clear();
        return shelf.policy(configured, *configured.listeners[0].tls, spoken_by(configured.listeners[0]),
                            "/listeners/0", errors);
    }
    void start() {
        published.push_back(policy());
        certificates.emplace(io.get_executor(), shelf, events, Certificates::Doors{*this, *this});
        certificates->follow();
    }
    const config::Model& model() const override { return configured; }
    std::uint64_t generation() const override { return 7; }
    void publish() override { published.push_back(policy()); }
    void everywhere(std::function<void()> then) override { then(); }
    void keep(const AuditEntry& entry) override { audit.push_back(entry); }
    std::int64_t now() const override { return time; }
    std::int64_t steady() const override { return time; }
    std::string timestamp() const override { return "2026-11-30T03:00:00.000000Z"; }
    template <class Happened>
    void until(Happened happened) {
        const auto end = std::chrono::steady_clock::now() + kCertificatesDeadline;
        while (!happened()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            io.restart();
            io.run_one_for(100ms);
        }
    }
    void look() {
        std::optional<bool> in_force;
        certificates->look([&](bool yes) { in_force = yes; });
        until([&] { return in_force.has_value(); });
        CHECK(*in_force);
    }
    std::vector<std::string> told() const {
        std::vector<std::string> out;
        for (const auto& event : events.since(0).events)
            if (event.kind == "certificate") out.push_back(nlohmann::json::parse(event.data)["what"]);
        return out;
    }
    Certificates::Sight sight() const { return certificates->sights().at(0); }
    std::string shown() const { return published.back()->by_default.at(0)->fingerprint; }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a certificate that is exchanged in its folder is in force without anybody asking") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}));
    shop.start();
    const auto first = shop.shown();
    shop.look();  // the folder is watched from now on
    CHECK(shop.published.size() == 1);
    shop.write("shop", signer().sign({"shop.test"}));
    shop.until([&] { return shop.published.size() == 2; });
    CHECK(shop.shown() != first);
    CHECK(shop.told() == Words{"exchanged"});
    REQUIRE(shop.audit.size() == 1);
    CHECK(shop.audit[0].verb == "certificate");
    CHECK(shop.audit[0].generation == 7);
    CHECK(shop.audit[0].changes.at(0).find(first) != std::string::npos);
    CHECK(shop.sight().identity->fingerprint == shop.shown());
    CHECK(!shop.sight().since.empty());
}

TEST_CASE("one that is written again without a change is no other one") {
    Shop shop;
    const auto made = signer().sign({"shop.test"});
    shop.write("shop", made);
    shop.start();
    shop.write("shop", made);
    shop.look();
    CHECK(shop.published.size() == 1);
    CHECK(shop.told().empty());
}

TEST_CASE("a folder that goes away leaves the certificate in force, and that is said once") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}));
    shop.start();
    const auto first = shop.shown();
    shop.look();
    std::filesystem::rename(shop.folder / "tls", shop.folder / "away");
    shop.look();  // half of an exchange looks the same
    shop.look();
    CHECK(shop.told() == Words{"trouble"});
    CHECK(shop.sight().trouble.find("No such file") != std::string::npos);
    CHECK(shop.sight().identity->fingerprint == first);
    shop.look();
    CHECK(shop.told() == Words{"trouble"});
    // Unrelated changes are made with the one in force.
    REQUIRE(shop.policy() != nullptr);
    CHECK(shop.policy() == shop.published.back());
    std::filesystem::rename(shop.folder / "away", shop.folder / "tls");
    shop.look();
    CHECK(shop.told() == Words{"trouble", "recovered"});
    CHECK(shop.sight().trouble.empty());
    CHECK(shop.published.size() == 1);
    // And the folder that has come back is watched.
    shop.write("shop", signer().sign({"shop.test"}));
    shop.until([&] { return shop.published.size() == 2; });
}

TEST_CASE("files that cannot be used change nothing, until they can") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}));
    shop.start();
    const auto first = shop.shown();
    shop.look();
    const auto next = signer().sign({"shop.test"});
    std::ofstream(shop.path("shop.pem")) << next.certificate;  // the key is still the older one
    shop.look();
    CHECK(shop.shown() == first);
    CHECK(shop.sight().trouble.find("is not that of the certificate") != std::string::npos);
    std::ofstream(shop.path("shop.key")) << next.key;
    shop.look();
    CHECK(shop.shown() != first);
    CHECK(shop.sight().trouble.empty());
    const auto told = shop.told();
    CHECK(std::ranges::count(told, "exchanged") == 1);
}

TEST_CASE("a start without a certificate that was in force shows others until its files are there") {
    Shop shop;
    shop.configured = shop.model_with({"shop", "wild"});
    shop.write("wild", signer().sign({"*.wild.test"}));
    CHECK(shop.policy() == nullptr);
    REQUIRE(shop.errors.size() == 1);
    CHECK(shop.errors[0].pointer == "/certificates/shop");
    excuse_certificates(shop.configured, shop.shelf);
    shop.start();
    shop.shelf.excuse_nobody();
    REQUIRE(shop.published.back() != nullptr);
    CHECK(shop.published.back()->by_default.at(0)->names == Words{"*.wild.test"});
    CHECK(shop.published.back()->book.find("shop.test") == nullptr);
    CHECK(shop.sight().standing.word == Standing::Word::missing);
    CHECK(shop.told() == Words{"missing"});
    CHECK(shop.policy() == shop.published.back());
    shop.write("shop", signer().sign({"shop.test"}));
    shop.look();
    CHECK(shop.published.back()->by_default.at(0)->names == Words{"shop.test"});
    CHECK(shop.sight().standing.word == Standing::Word::valid);
}

TEST_CASE("a listener whose every certificate is missing still speaks TLS") {
    Shop shop;
    excuse_certificates(shop.configured, shop.shelf);
    shop.start();
    REQUIRE(shop.published.back() != nullptr);
    CHECK(shop.published.back()->by_default.at(0)->names.empty());
}

TEST_CASE("the end of a certificate is told two weeks, a week, three days and a day before it, and when it is there") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}, test::KeyKind::p256, -3600, 90 * kDay));
    shop.start();
    const auto end = shop.sight().identity->not_after;
    Words expected;
    for (const auto days : {15, 14, 13, 10, 7, 5, 3, 2, 1}) {
        CAPTURE(days);
        shop.time = end - days * kDay + 1;
        shop.certificates->tend();
        shop.certificates->tend();
        if (days == 14 || days == 7 || days == 3 || days == 1) expected.push_back("expires_soon");
        CHECK(shop.told() == expected);
    }
    CHECK(shop.sight().standing.detail.find("in 23 hours") != std::string::npos);
    shop.time = end;
    shop.certificates->tend();
    expected.push_back("expired");
    CHECK(shop.told() == expected);
    // A new one ends that.
    shop.time = std::time(nullptr);
    shop.write("shop", signer().sign({"shop.test"}));
    shop.look();
    expected.push_back("exchanged");
    CHECK(shop.told() == expected);
    CHECK(shop.sight().standing == Standing{});
}

TEST_CASE("a certificate of six days is told of when two days are left, and not all its life") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}, test::KeyKind::p256, 0, 6 * kDay));
    shop.start();
    const auto end = shop.sight().identity->not_after;
    CHECK(shop.told().empty());
    shop.time = end - 2 * kDay + 1;
    shop.certificates->tend();
    CHECK(shop.told() == Words{"expires_soon"});
}

TEST_CASE("a return to an earlier generation keeps certificates that are still good") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}));
    shop.write("old", signer().sign({"shop.test"}, test::KeyKind::p256, -90 * kDay, -kDay));
    shop.write("fresh", signer().sign({"shop.test"}));
    shop.start();
    auto named = [&](const std::string& files) {
        auto out = shop.configured;
        out.certificates["shop"] = {shop.path(files + ".pem"), shop.path(files + ".key")};
        return out;
    };
    SUBCASE("one that has expired stays behind") {
        auto earlier = named("old");
        const auto said = shop.certificates->keep_usable(earlier, shop.configured);
        CHECK(earlier.certificates == shop.configured.certificates);
        REQUIRE(said.size() == 1);
        CHECK(said[0].find("it expired on") != std::string::npos);
    }
    SUBCASE("one that is gone stays behind") {
        auto earlier = named("nowhere");
        const auto said = shop.certificates->keep_usable(earlier, shop.configured);
        CHECK(earlier.certificates == shop.configured.certificates);
        REQUIRE(said.size() == 1);
        CHECK(said[0].find("No such file") != std::string::npos);
    }
    SUBCASE("one that is good comes back") {
        auto earlier = named("fresh");
        CHECK(shop.certificates->keep_usable(earlier, shop.configured).empty());
        CHECK(earlier.certificates != shop.configured.certificates);
    }
    SUBCASE("one that has no other in its place is left out rather than refused") {
        auto earlier = named("nowhere");
        auto now = shop.configured;
        now.certificates.clear();
        now.listeners.clear();
        CHECK(shop.certificates->keep_usable(earlier, now).empty());
        shop.configured = earlier;
        CHECK(shop.policy() != nullptr);
    }
}

TEST_CASE("files that are named for the first time are read aside, and the next generation goes by what was read") {
    Shop shop;
    shop.write("shop", signer().sign({"shop.test"}));
    shop.start();
    shop.configured = shop.model_with({"shop", "fresh"});
    shop.write("fresh", signer().sign({"fresh.test"}));
    bool read = false;
    shop.certificates->read_first(shop.configured, [&] { read = true; });
    CHECK_FALSE(read);
    shop.until([&] { return read; });
    // The disk is not asked again.
    std::filesystem::remove(shop.path("fresh.pem"));
    REQUIRE(shop.policy() != nullptr);
    CHECK(shop.shelf.wanted_by(shop.configured).empty());
    // What is kept already is not waited for.
    bool at_once = false;
    shop.certificates->read_first(shop.configured, [&] { at_once = true; });
    CHECK(at_once);
    // And what was laid out for one is nothing to the next.
    shop.shelf.clear_away();
    shop.configured = shop.model_with({"shop", "gone"});
    shop.shelf.lay_out(
        CertificateShelf::unread(shop.shelf.wanted_by(shop.configured), "its disk has not answered for 2 s"));
    CHECK(shop.policy() == nullptr);
    REQUIRE(shop.errors.size() == 1);
    CHECK(shop.errors[0].detail.find("gone.pem cannot be read: its disk has not answered for 2 s") !=
          std::string::npos);
}

TEST_CASE("an upstream whose certificate is not issued yet shows none, and one whose file is missing refuses") {
    Shop shop;
    shop.configured.certificates["us"].acme = config::Acme{};
    config::UpstreamTls tls;
    tls.verify = false;
    tls.certificate = "us";
    std::vector<config::Error> errors;
    const auto outward = shop.shelf.outward(shop.configured, tls, "/upstreams/app/tls", errors);
    REQUIRE(outward != nullptr);
    CHECK(errors.empty());
    CHECK(outward->settings().identity == nullptr);
    shop.configured.certificates["files"] = {shop.path("gone.pem"), shop.path("gone.key")};
    tls.certificate = "files";
    CHECK(shop.shelf.outward(shop.configured, tls, "/upstreams/app/tls", errors) == nullptr);
    CHECK(errors.size() == 1);
}
