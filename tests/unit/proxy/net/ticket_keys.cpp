// Keys of TLS tickets on their way to another process; what they open is in tests/unit/proxy/serve/tls.cpp.
#include "proxy/net/ticket_keys.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace {

std::string bytes_in(const switchyard::net::Descriptor& memory) {
    std::string out(4096, '\0');
    const auto size = ::pread(memory.get(), out.data(), out.size(), 0);
    REQUIRE(size >= 0);
    out.resize(static_cast<std::size_t>(size));
    return out;
}

}  // namespace

TEST_CASE("another process has the same keys, and turns them when they are due") {
    constexpr auto kTurn = switchyard::net::TicketKeys::kTurnSeconds;
    switchyard::net::TicketKeys before, after;
    CHECK_FALSE(before.rotate_if_due(1000));
    const auto memory = before.handed_on();
    REQUIRE(memory.is_open());
    CHECK(bytes_in(after.handed_on()) != bytes_in(memory));
    REQUIRE(after.take(memory.get()));
    CHECK(bytes_in(after.handed_on()) == bytes_in(memory));
    CHECK_FALSE(after.rotate_if_due(1000 + kTurn - 1));
    CHECK(after.rotate_if_due(1000 + kTurn));
}

TEST_CASE("what is too short for keys is none, and changes nothing") {
    switchyard::net::TicketKeys keys;
    const auto as_before = bytes_in(keys.handed_on());
    const switchyard::net::Descriptor empty(::memfd_create("nothing", MFD_CLOEXEC));
    CHECK_FALSE(keys.take(empty.get()));
    CHECK_FALSE(keys.take(-1));
    CHECK(bytes_in(keys.handed_on()) == as_before);
}
