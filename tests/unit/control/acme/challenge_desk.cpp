// Challenges are open when every worker answers them, and not before.
#include "control/acme/challenge_desk.h"

#include <doctest/doctest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "tests/support/certificates.h"

using namespace switchyard::control::acme;
using Book = std::shared_ptr<const switchyard::net::ChallengeBook>;

namespace {

struct Desk : Answerers {
    boost::asio::io_context io{1};
    // Folders are read beside it.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays{io.get_executor()};
    std::vector<Book> published;
    std::vector<std::function<void()>> waiting;
    bool works = true;
    ChallengeDesk desk{io.get_executor(), *this};

    bool publish(Book book) override {
        published.push_back(std::move(book));
        return works;
    }
    void everywhere(std::function<void()> then) override { waiting.push_back(std::move(then)); }
};

}  // namespace

TEST_CASE("whoever opens a challenge is told when every worker has it; closing it is nobody's wait") {
    Desk d;
    std::optional<bool> told;
    d.desk.open("shop", {{{"t1", "t1.x"}}, {}}, [&](bool everywhere) { told = everywhere; });
    REQUIRE(d.published.size() == 1);
    CHECK(*d.published[0]->answer("t1", "") == "t1.x");
    CHECK_FALSE(told);
    d.waiting.at(0)();
    CHECK(told == true);
    d.desk.open("api", {{{"t2", "t2.x"}}, {}}, [](bool) {});
    CHECK(d.published.back()->answers.size() == 2);
    d.desk.close("shop");
    CHECK(d.published.back()->answer("t1", "") == nullptr);
    d.desk.close("shop");  // again
    CHECK(d.published.size() == 3);
    d.desk.close("api");
    CHECK(d.published.back() == nullptr);
    CHECK(d.published.size() == 4);
}

TEST_CASE("what cannot be put in force is said at once") {
    Desk d;
    d.works = false;
    std::optional<bool> told;
    d.desk.open("shop", {{{"t1", "t1.x"}}, {}}, [&](bool everywhere) { told = everywhere; });
    CHECK(told == false);
}

TEST_CASE("a folder is looked at as long as a listener has it; nothing is published while it stays as it is") {
    Desk d;
    const std::string thumb(43, 'x');
    const auto folder = std::filesystem::path(switchyard::test::file_with("here", "")).parent_path() / "desk";
    std::filesystem::create_directories(folder);
    const auto until = [&](const std::function<bool()>& happened) {
        while (!happened()) REQUIRE(d.io.run_one() == 1);
    };
    d.desk.follow({folder.string()});
    std::ofstream(folder / "tok") << "tok." << thumb;
    until([&] { return !d.published.empty(); });
    CHECK(*d.published.back()->answer("tok", folder.string()) == "tok." + thumb);
    CHECK(d.published.back()->answer("tok", "") == nullptr);
    for (int looks = 0; looks < 4; ++looks) d.io.run_one();
    CHECK(d.published.size() == 1);
    std::filesystem::remove(folder / "tok");
    until([&] { return d.published.size() == 2; });
    CHECK(d.published.back() == nullptr);
    std::ofstream(folder / "tok") << "tok." << thumb;
    until([&] { return d.published.size() == 3; });
    d.desk.follow({});
    CHECK(d.published.back() == nullptr);
    d.desk.stop();
}
