// The socket at which a program that was not started here asks for this process's place, and that program as far as it
// can be ended.
#include "control/upgrade/upgrade_socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/upgrade/newcomer.h"
#include "control/upgrade/order.h"

namespace switchyard::control::upgrade {
namespace {

using std::chrono::milliseconds;
using switchyard::net::Descriptor;

struct Folder {
    Folder() {
        std::string name = "/tmp/switchyard-test-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string socket() const { return path + "/upgrade.sock"; }
    std::string path;
};

struct House : Folder {
    House() { door.open(); }
    void until_came(std::size_t many = 1) {
        while (came.size() < many) io.run_one();
    }
    void turn() {
        io.restart();
        while (io.poll() > 0) continue;
    }
    boost::asio::io_context io;
    std::vector<std::pair<std::unique_ptr<Channel>, Json>> came;
    UpgradeSocket door{io.get_executor(), socket(), [this](std::unique_ptr<Channel> line, Json hello) {
                           came.emplace_back(std::move(line), std::move(hello));
                       }};
};

std::unique_ptr<Channel> caller(const House& house) {
    auto line = call_at(house.socket());
    REQUIRE(line.has_value());
    return std::make_unique<Channel>(std::move(*line));
}

std::string why_refused(Channel& line) {
    const auto message = line.receive(milliseconds{5'000});
    REQUIRE(message.has_value());
    CHECK(message->type() == "refused");
    return message->body.value("why", "");
}

bool says(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a program that says hello is handed on with its line, and what it says next is not lost") {
    House house;
    const auto line = caller(house);
    REQUIRE(line->send({{"type", "hello"}, {"version", "9"}}));
    REQUIRE(line->send({{"type", "later"}}));
    house.until_came();
    CHECK(house.came[0].second["version"] == "9");
    const auto next = house.came[0].first->receive(milliseconds{5'000});
    REQUIRE(next.has_value());
    CHECK(next->type() == "later");
    // Others may come: it is the caller of Came that says how many.
    const auto second = caller(house);
    REQUIRE(second->send({{"type", "hello"}}));
    house.until_came(2);
}

TEST_CASE("it is for this user alone, and for one program at a time until that has said hello") {
    House house;
    struct stat info {};
    REQUIRE(::stat(house.socket().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const auto silent = caller(house), second = caller(house);
    house.turn();
    CHECK(says(why_refused(*second), "another program has just come"));
    REQUIRE(silent->send({{"type", "babble"}}));
    house.turn();
    CHECK(says(why_refused(*silent), "not understood: babble"));
    CHECK(house.came.empty());
    const auto third = caller(house);
    third->close();
    house.turn();
    const auto fourth = caller(house);
    REQUIRE(fourth->send({{"type", "hello"}}));
    house.until_came();
}

TEST_CASE("a path at which no process in charge listens is refused with what to do") {
    House house;
    house.door.close();
    CHECK(std::filesystem::exists(house.socket()));  // another process's by now
    CHECK(says(call_at(house.socket()).error().detail, "no process in charge listens there"));
    house.door.open();
    CHECK(call_at(house.socket()).has_value());
    house.door.remove();
    CHECK(says(call_at(house.socket()).error().detail, "No such file"));
    Descriptor(::open(house.socket().c_str(), O_CREAT | O_CLOEXEC, 0600));
    CHECK(says(call_at(house.socket()).error().detail, "is no socket"));
    house.door.open();  // what is in its place is left over: the folder is locked
    CHECK(call_at(house.socket()).has_value());
    house.door.remove();
    const Descriptor other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strcpy(at.sun_path, house.socket().c_str());
    REQUIRE(::bind(other.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(::listen(other.get(), 1) == 0);
    CHECK(says(call_at(house.socket()).error().detail, "socket of another program"));
    for (const char* cure : {"start without --takeover", "name the upgrade.sock"})
        CHECK(says(call_at(house.socket()).error().detail, cure));
}

TEST_CASE("what a program asks of its upgrade is read from its first message, and has limits") {
    Order order;
    order.drain_within = std::chrono::minutes{2};
    order.probation = std::chrono::seconds{5};
    order.cut_oldest = true;
    Json hello;
    say_order(hello, order);
    const auto read = order_of(hello);
    CHECK(read.drain_within == order.drain_within);
    CHECK(read.probation == order.probation);
    CHECK(read.cut_oldest);
    CHECK(why_not(read).empty());
    CHECK(order_of(Json::object()).probation == std::chrono::seconds{30});
    order.probation = std::chrono::hours{2};
    CHECK(says(why_not(order), "at most 1h"));
    order = {};
    order.drain_within = milliseconds{-1};
    CHECK(says(why_not(order), "at most 24h"));
}

TEST_CASE("a newcomer that can be seen is ended at once, or by itself, and is gone then") {
    for (const bool by_itself : {false, true}) {
        CAPTURE(by_itself);
        House house;
        const pid_t child = ::fork();
        if (child == 0) {
            auto line = call_at(house.socket());
            if (!line) ::_exit(1);
            Channel channel(std::move(*line));
            channel.send({{"type", "hello"}});
            if (by_itself) ::_exit(0);
            for (;;) ::pause();
        }
        house.until_came();
        Newcomer newcomer(house.came[0].first->descriptor());
        CHECK(newcomer.pid() == child);
        const auto end = newcomer.end(milliseconds{by_itself ? 5'000 : 0}, milliseconds{0});
        CHECK(end.how == "it has ended");
        CHECK(end.gone);
        int status = 0;
        REQUIRE(::waitpid(child, &status, WNOHANG) == child);
        if (by_itself)
            CHECK(WIFEXITED(status));
        else
            CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    }
}

}  // namespace switchyard::control::upgrade
