// The line between two processes where neither reads at once: nothing blocks, nothing is torn, and last words are
// heard.
#include "control/upgrade/channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::control::upgrade {
namespace {

using std::chrono::milliseconds;
using switchyard::net::Descriptor;

struct Line {
    Line() {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
        a = std::make_unique<Channel>(Descriptor(ends[0]));
        b = std::make_unique<Channel>(Descriptor(ends[1]));
    }
    // What `to` hears goes to `into`; with the last of `most` the loop ends.
    void hear(Channel& to, std::vector<Message>& into, std::size_t most) {
        left += most;
        to.listen(
            io.get_executor(),
            [&](Message message) {
                into.push_back(std::move(message));
                if (--left == 0) io.stop();
            },
            [&](const std::string& why) {
                ended = why;
                io.stop();
            });
    }
    boost::asio::io_context io;
    std::unique_ptr<Channel> a, b;
    std::size_t left = 0;
    std::string ended;
};

// Ten times what a socket's buffer holds.
Json long_message(int number = 0) {
    return {{"type", "counts"}, {"number", number}, {"text", std::string(2'000'000, 'x')}};
}

}  // namespace

TEST_CASE("two that send long messages at each other at once: both come whole, and neither waits for the other") {
    Line line;
    std::vector<Message> at_a, at_b;
    line.hear(*line.a, at_a, 2);
    line.hear(*line.b, at_b, 2);
    // One thread: were either call to wait for the other side, that side would never come to read.
    REQUIRE(line.a->send(long_message()));
    REQUIRE(line.b->offer(long_message()));
    REQUIRE(line.a->send({{"type", "adopted"}}));
    REQUIRE(line.b->send({{"type", "committed"}}));
    line.io.run();
    CHECK(line.ended.empty());
    REQUIRE(at_a.size() == 2);
    REQUIRE(at_b.size() == 2);
    CHECK(at_a[0].body == long_message());
    CHECK(at_b[0].body == long_message());
    CHECK(at_a[1].type() == "committed");
    CHECK(at_b[1].type() == "adopted");
}

TEST_CASE("what is offered is dropped whole, and only where much waits; what is sent is not dropped") {
    Line line;
    std::vector<Message> at_a, at_b;
    line.hear(*line.a, at_a, 0);
    int taken = 0;
    while (line.a->offer(long_message(taken))) REQUIRE(++taken < 1'000);
    CHECK(static_cast<std::size_t>(taken) * 2'000'000 > Channel::kMostOffered);
    REQUIRE(line.a->send({{"type", "alone"}}));
    line.hear(*line.b, at_b, static_cast<std::size_t>(taken) + 1);
    line.io.run();
    CHECK(line.ended.empty());
    REQUIRE(at_b.size() == static_cast<std::size_t>(taken) + 1);
    for (int i = 0; i < taken; ++i) CHECK(at_b[static_cast<std::size_t>(i)].body == long_message(i));
    CHECK(at_b.back().type() == "alone");
    CHECK(line.a->offer({{"type", "counted"}}));
}

TEST_CASE("descriptors that have to wait go with their message, though the caller has closed them") {
    Line line;
    std::vector<Message> at_a, at_b;
    line.hear(*line.a, at_a, 0);
    REQUIRE(line.a->send(long_message()));
    {
        const Descriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        REQUIRE(line.a->send({{"type", "rehearse"}}, std::vector<int>(kMostDescriptors + 5, file.get())));
    }
    line.hear(*line.b, at_b, 2);
    line.io.run();
    REQUIRE(at_b.size() == 2);
    REQUIRE(at_b[1].descriptors.size() == kMostDescriptors + 5);
    CHECK(::fcntl(at_b[1].descriptors.back().get(), F_GETFD) >= 0);
}

TEST_CASE("who has to know that all is out asks for it, and is told where it is not") {
    Line line;
    std::vector<Message> at_a;
    line.hear(*line.a, at_a, 0);
    CHECK(line.a->flush(milliseconds{0}));
    REQUIRE(line.a->send(long_message()));
    CHECK(!line.a->flush(milliseconds{0}));
    bool out = false, come = false;
    for (int round = 0; round < 1'000 && !come; ++round) {
        come = line.b->receive(milliseconds{0}).has_value();
        out = line.a->flush(milliseconds{0});
    }
    CHECK(come);
    CHECK(out);
    { const auto gone = std::move(line.b); }
    REQUIRE(!line.a->send(long_message()));
    CHECK(line.a->flush(milliseconds{1'000}));  // nothing waits for one that is gone
}

TEST_CASE("the last word of one that has not read everything is heard") {
    Line line;
    std::vector<Message> at_a;
    line.hear(*line.a, at_a, 2);
    REQUIRE(line.a->send({{"type", "collect"}}));
    REQUIRE(line.b->send({{"type", "counts"}}));
    { const auto gone = std::move(line.b); }
    line.io.run();
    REQUIRE(at_a.size() == 1);
    CHECK(at_a[0].type() == "counts");
    CHECK(line.ended == "it has ended");
}

TEST_CASE("one that waits for a message hears the last word too") {
    Line line;
    REQUIRE(line.a->send({{"type", "hello"}}));
    REQUIRE(line.b->send({{"type", "abort"}}));
    { const auto gone = std::move(line.b); }
    const auto heard = line.a->receive(milliseconds{1'000});
    REQUIRE(heard.has_value());
    CHECK(heard->type() == "abort");
}

}  // namespace switchyard::control::upgrade
