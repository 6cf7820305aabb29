// Messages between two processes: whole, in parts, damaged, and of another time.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <string>

#include "control/upgrade/channel.h"
#include "control/upgrade/wire.h"

namespace switchyard::control::upgrade {
namespace {

using switchyard::net::Descriptor;

std::pair<Descriptor, Descriptor> line() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

TEST_CASE("a message comes as it was sent, with fields that its reader does not know") {
    Assembly assembly;
    const Json message = {{"type", "state"}, {"a field of another time", {1, 2}}};
    const auto packets = packets_of(message, 0);
    REQUIRE(packets.size() == 1);
    const auto read = assembly.feed(packets[0].bytes, 0);
    REQUIRE(read.has_value());
    REQUIRE(read->has_value());
    CHECK(**read == message);
}

TEST_CASE("a long message is cut and put together, and descriptors are counted") {
    const Json message = {{"type", "state"}, {"text", std::string(5 * kPart + 17, 'x')}};
    const auto packets = packets_of(message, 3 * kMostDescriptors + 1);
    CHECK(packets.size() == 6);
    Assembly assembly;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const auto read = assembly.feed(packets[i].bytes, packets[i].descriptors);
        REQUIRE(read.has_value());
        CHECK(read->has_value() == (i + 1 == packets.size()));
        if (read->has_value()) CHECK(**read == message);
    }
}

TEST_CASE("more descriptors than text: the last packets carry descriptors alone") {
    const auto packets = packets_of({{"type", "state"}}, 2 * kMostDescriptors + 1);
    REQUIRE(packets.size() == 3);
    Assembly assembly;
    CHECK(!assembly.feed(packets[0].bytes, packets[0].descriptors)->has_value());
    CHECK(!assembly.feed(packets[1].bytes, packets[1].descriptors)->has_value());
    CHECK(assembly.feed(packets[2].bytes, packets[2].descriptors)->has_value());
}

TEST_CASE("what is no message, or of a protocol that is not known, is refused") {
    CHECK(!Assembly().feed("short", 0).has_value());
    auto packet = packets_of({{"type", "hello"}}, 0)[0].bytes;
    auto other = packet;
    other[8] = 2;
    CHECK(!Assembly().feed(other, 0).has_value());
    auto longer = packet;
    longer[3] = 0x7f;
    CHECK(!Assembly().feed(longer, 0).has_value());
    CHECK(!Assembly().feed(packet, 1).has_value());
    CHECK(!Assembly().feed(packets_of(Json::array({1}), 0)[0].bytes, 0).has_value());
    CHECK(!Assembly().feed(packets_of({{"kind", "hello"}}, 0)[0].bytes, 0).has_value());
}

TEST_CASE("whatever comes, reading it ends in a message or a refusal") {
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = packets_of({{"type", "generation"}, {"generation", round}}, 0)[0].bytes;
        for (unsigned i = 0; i < 1 + random() % 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        Assembly assembly;
        const auto read = assembly.feed(bytes, random() % 2);
        if (read.has_value() && read->has_value()) CHECK((**read)["type"].is_string());
    }
}

TEST_CASE("descriptors cross, are closed on exec, and are the same files") {
    auto [a, b] = line();
    Channel from(std::move(a)), to(std::move(b));
    const Descriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const std::vector<int> many(kMostDescriptors + 5, file.get());
    REQUIRE(from.send({{"type", "state"}}, many));
    auto got = to.receive(std::chrono::milliseconds(1000));
    REQUIRE(got.has_value());
    REQUIRE(got->descriptors.size() == many.size());
    struct stat one {
    }, other{};
    REQUIRE(::fstat(file.get(), &one) == 0);
    REQUIRE(::fstat(got->descriptors.back().get(), &other) == 0);
    CHECK(one.st_rdev == other.st_rdev);
    CHECK((::fcntl(got->descriptors.back().get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a line whose other end is gone ends, and nothing can be sent") {
    auto [a, b] = line();
    Channel from(std::move(a));
    { const Channel to(std::move(b)); }
    CHECK(!from.send({{"type", "alive"}}));
    CHECK(!from.receive(std::chrono::milliseconds(1000)).has_value());
}

}  // namespace
}  // namespace switchyard::control::upgrade
