#include "control/discovery/runner/discovery.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "control/discovery/kept_text.h"
#include "control/discovery/runner/file_source.h"

#include "tests/support/found_at.h"

using namespace switchyard::control::discovery;
using namespace switchyard;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;

struct FakeSource final : EndpointSource {
    explicit FakeSource(std::map<std::string, FakeSource*>& place_, std::string name_)
        : place(place_), name(std::move(name_)) {
        place[name] = this;
    }
    ~FakeSource() override {
        if (place[name] == this) place[name] = nullptr;
    }
    void start(Heard heard_) override { heard = std::move(heard_); }
    void look() override { ++looks; }

    std::map<std::string, FakeSource*>& place;
    const std::string name;
    Heard heard;
    int looks = 0;
};

config::Discover file(const std::string& path) {
    config::Discover out;
    out.file = config::DiscoverFile{path};
    return out;
}

// A discovery whose sources are turned by hand.
struct Desk : EndpointHealth, RollReaders, Sources {
    boost::asio::io_context io{1};
    config::Model model;
    std::map<std::string, FakeSource*> sources;  // by path
    std::map<std::string, Texts> found_for;
    Rows kept;
    std::vector<Roll::News::Kind> told;
    std::unique_ptr<Discovery> discovery;

    explicit Desk(Rows restored = {}) {
        model.upstreams["green"].discover = file("/a");
        discovery =
            std::make_unique<Discovery>(io.get_executor(), Discovery::Doors{*this, *this, *this}, std::move(restored));
    }
    Vital vital(const std::string&, const config::Address&) const override { return Vital::up; }
    bool others(const std::string&) const override { return false; }
    void found(const std::string& upstream, std::vector<config::Endpoint> endpoints) override {
        auto& out = found_for[upstream] = {};
        for (const auto& endpoint : endpoints) out.push_back(endpoint.address.host);
    }
    void keep(const Rows& rows) override {
        for (const auto& [upstream, row] : rows) kept[upstream] = row;
    }
    void tell(const std::string&, const Sight&, const Roll::News& news) override { told.push_back(news.kind); }
    std::unique_ptr<EndpointSource> source(const config::Discover& discover, const config::Discovery&) override {
        return std::make_unique<FakeSource>(sources, discover.file->path);
    }
    void says(const Texts& addresses, const std::string& source = "/a") {
        Sighting sighting;
        sighting.complete = true;
        for (const auto& text : addresses) sighting.found.push_back(found_at(text + ":80"));
        sources.at(source)->heard(sighting);
    }
    // One thing more that was waiting to happen; something always is.
    void turn() {
        io.restart();
        REQUIRE(io.run_one() == 1);
    }
    void until_kept() {
        while (kept.empty()) turn();
    }
};

const Texts kOne{"10.0.0.1"};

}  // namespace

TEST_CASE("what a source names is found, told, and kept for the next start") {
    Desk d;
    d.discovery->follow(d.model, {});
    CHECK_FALSE(d.discovery->all_asked());
    CHECK(d.discovery->sight("green")->state == Roll::State::starting);
    CHECK_FALSE(d.discovery->sight("blue"));
    d.says(kOne);
    CHECK(d.found_for["green"] == kOne);
    CHECK(d.discovery->all_asked());
    CHECK(d.told == std::vector{Roll::News::Kind::changed});
    CHECK(d.discovery->sight("green")->history.size() == 1);
    d.until_kept();
    CHECK(d.kept["green"].source == "file /a");

    Desk again(d.kept);
    again.discovery->introduce(again.model);
    CHECK(again.found_for["green"] == kOne);
    CHECK(again.discovery->sight("green")->state == Roll::State::stale);
    CHECK(again.discovery->sight("green")->roll == 1);
}

TEST_CASE("what was not kept yet is kept when it stops") {
    Desk d;
    d.discovery->follow(d.model, {});
    d.says(kOne);
    CHECK(d.kept.empty());
    d.discovery->stop();
    CHECK(d.kept["green"].source == "file /a");
}

TEST_CASE("what was found by another source is not restored") {
    Desk before;
    before.discovery->follow(before.model, {});
    before.says(kOne);
    before.until_kept();
    before.kept["green"].source = "file /b";
    Desk d(before.kept);
    d.discovery->introduce(d.model);
    d.discovery->follow(d.model, {});
    CHECK(d.found_for["green"].empty());
}

TEST_CASE("another source of the same upstream takes over what was found, until it has answered") {
    Desk d;
    d.discovery->follow(d.model, {});
    d.says(kOne);
    d.model.upstreams["green"].discover = file("/b");
    d.discovery->follow(d.model, {});
    CHECK(d.sources["/a"] == nullptr);
    CHECK(d.found_for["green"] == kOne);
    CHECK(d.discovery->sight("green")->state == Roll::State::stale);
    d.says({"10.0.0.2"}, "/b");
    CHECK(d.found_for["green"] == Texts{"10.0.0.1", "10.0.0.2"});  // the hold
}

TEST_CASE("a configuration that changes nothing here leaves source and roll alone; one without it forgets") {
    Desk d;
    d.discovery->follow(d.model, {});
    d.says(kOne);
    auto* const source = d.sources["/a"];
    d.discovery->follow(d.model, {});
    CHECK(d.sources["/a"] == source);
    d.until_kept();
    d.kept.clear();
    d.model.upstreams["green"].discover.reset();
    d.discovery->follow(d.model, {});
    CHECK(d.sources["/a"] == nullptr);
    CHECK(d.found_for["green"].empty());
    d.until_kept();
    CHECK(d.kept["green"].source.empty());
}

TEST_CASE("what is to be confirmed is asked for") {
    Desk d;
    d.model.upstreams["green"].discovery.confirm_after = 30ms;
    d.discovery->follow(d.model, {});
    d.says({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
    d.says(kOne);
    while (d.sources["/a"]->looks == 0) d.turn();
    d.discovery->stop();
    CHECK(d.sources["/a"] == nullptr);
}

TEST_CASE("a file is read when it changes and when somebody asks, and says what is wrong with it") {
    const auto path = std::filesystem::temp_directory_path() / ("switchyard-list-" + std::to_string(::getpid()));
    const auto write = [&](const std::string& text) {
        const auto fresh = path.string() + ".new";
        std::ofstream(fresh) << text;
        std::filesystem::rename(fresh, path);
    };
    std::filesystem::remove(path);
    boost::asio::io_context io{1};
    std::vector<Sighting> heard;
    FileSource source(io.get_executor(), path.string());
    source.start([&](Sighting sighting) { heard.push_back(std::move(sighting)); });
    const auto next = [&] {
        const auto before = heard.size();
        while (heard.size() == before) io.run_one();
        return heard.back();
    };
    CHECK(next().why == path.string() + " cannot be read: No such file or directory");
    write(R"(["10.0.0.1:80"])");
    CHECK(next().found.size() == 1);
    source.look();
    CHECK(next().found.size() == 1);
    write("[");
    CHECK(next().why == path.string() + ": it is not valid JSON: half written, or not JSON at all");
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK(next().why == path.string() + " is no regular file");
    std::filesystem::remove(path);
}
