// The processes that served before: what they say before they are counted in counts, what each goes by is handed on,
// and the oldest is asked how old is what it has.
#include "control/upgrade/predecessors.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::control::upgrade {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using switchyard::net::Descriptor;

struct Family final : Account, Takeover {
    unsigned joined(bool, std::uint64_t adopted) override {
        goes_by[next] = adopted;
        return next++;
    }
    void adopted(unsigned number, std::uint64_t generation) override { goes_by[number] = generation; }
    void paused(unsigned) override {}
    void left(unsigned number) override { gone_ones.push_back(number); }
    void counts(unsigned number, bool, const Message& message) override {
        counted.emplace_back(number, message.body.value("n", 0));
    }
    void said(const Message& message) override { words.push_back(message.type()); }
    void gone() override {}

    Channel& add(std::uint64_t adopted, bool counts = true) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
        all->add(Descriptor(ends[0]), {{"pid", 1'000 + lines.size()}, {"adopted", adopted}, {"counts", counts}});
        lines.push_back(std::make_unique<Channel>(Descriptor(ends[1])));
        return *lines.back();
    }
    void hear() {
        io.restart();
        while (io.poll() > 0) continue;
    }
    boost::asio::io_context io;
    std::unique_ptr<Predecessors> all = std::make_unique<Predecessors>(io.get_executor(), *this, *this);
    std::vector<std::unique_ptr<Channel>> lines;
    unsigned next = 4;
    std::map<unsigned, std::uint64_t> goes_by;
    std::vector<std::pair<unsigned, int>> counted;
    std::vector<unsigned> gone_ones;
    std::vector<std::string> words;
};

}  // namespace

TEST_CASE("what comes before they are counted in is not lost") {
    Family family;
    auto& oldest = family.add(3);
    auto& newest = family.add(5);
    family.all->listen();
    REQUIRE(oldest.send({{"type", "counts"}, {"n", 1}}));
    REQUIRE(oldest.send({{"type", "adopted"}, {"generation", 4}}));
    REQUIRE(oldest.send({{"type", "counts"}, {"n", 2}}));
    REQUIRE(newest.send({{"type", "committed"}}));
    family.hear();
    CHECK(family.words == std::vector<std::string>{"committed"});
    CHECK(family.counted.empty());
    family.all->count_in();
    CHECK(family.goes_by == std::map<unsigned, std::uint64_t>{{4, 4}, {5, 5}});
    CHECK(family.counted == std::vector<std::pair<unsigned, int>>{{4, 1}, {4, 2}});
    REQUIRE(newest.send({{"type", "counts"}, {"n", 3}}));
    family.hear();
    CHECK(family.counted.back() == std::pair<unsigned, int>{5, 3});
}

TEST_CASE("the last words of one that has ended before it was counted in count") {
    Family family;
    REQUIRE(family.add(3).send({{"type", "counts"}, {"n", 7}}));
    family.all->listen();
    family.lines.clear();
    family.hear();
    CHECK(family.counted == std::vector<std::pair<unsigned, int>>{{4, 7}});
    CHECK(family.gone_ones == std::vector<unsigned>{4});
    CHECK(family.all->empty());
}

TEST_CASE("what each goes by is handed on, also where it is behind") {
    Family family;
    auto& behind = family.add(3);
    family.add(5);
    family.all->listen();
    family.all->count_in();
    CHECK(family.goes_by == std::map<unsigned, std::uint64_t>{{4, 3}, {5, 5}});
    family.all->rest();
    auto handed = family.all->handed_on();
    REQUIRE(handed.size() == 2);
    CHECK(handed[0]["adopted"] == 3);
    CHECK(handed[1]["adopted"] == 5);
    CHECK_FALSE(family.all->view()[0].contains("adopted"));

    // The other process is gone, and this one goes on with them: the one that was behind has caught up meanwhile.
    REQUIRE(behind.send({{"type", "adopted"}, {"generation", 5}}));
    family.all->listen();
    family.hear();
    CHECK(family.goes_by[4] == 3);
    family.all->count_in();
    CHECK(family.goes_by[4] == 5);
    CHECK(family.next == 6);  // none has joined again
}

TEST_CASE("the oldest says how old is what it has, or nothing is known of it") {
    Family family;
    std::vector<std::optional<Ages>> told;
    const auto ask = [&] { family.all->ask_oldest([&](const std::optional<Ages>& ages) { told.push_back(ages); }); };
    ask();
    REQUIRE(told.size() == 1);
    CHECK_FALSE(told[0].has_value());
    auto& oldest = family.add(3);
    family.add(3);
    family.all->listen();
    family.all->count_in();
    ask();
    CHECK(told.size() == 1);
    CHECK(oldest.receive(milliseconds{1'000})->type() == "ages");
    REQUIRE(oldest.send({{"type", "ages"}, {"requests", 1}, {"tunnels", 2}, {"youngest_ms", 1'500}}));
    family.hear();
    REQUIRE(told.size() == 2);
    REQUIRE(told[1].has_value());
    CHECK(told[1]->tunnels == 2);
    CHECK(told[1]->youngest == milliseconds{1'500});
    ask();
    family.lines.erase(family.lines.begin());
    family.hear();
    REQUIRE(told.size() == 3);
    CHECK_FALSE(told[2].has_value());
}

TEST_CASE("one that has something younger than upgrades give is not ended; one whose time is over is") {
    const auto why = [](std::uint64_t requests, std::uint64_t tunnels, std::optional<milliseconds> youngest) {
        return why_not_ended(Ages{requests, tunnels, youngest}, seconds{60});
    };
    CHECK(why(0, 0, {}).empty());
    CHECK(why(1, 3, seconds{60}).empty());
    CHECK(why(1, 3, milliseconds{59'999})
              .find("has 3 tunnels and 1 request, the youngest for 60.0 s where drain_within gives 60.0 s") !=
          std::string::npos);
    CHECK(why(1, 0, seconds{1}).find("cut_oldest") != std::string::npos);
    CHECK(why_not_ended(std::nullopt, seconds{60}).find("does not say") != std::string::npos);
}

}  // namespace switchyard::control::upgrade
