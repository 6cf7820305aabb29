#include "proxy/route/access_list.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "config/model/cidr.h"

using namespace switchyard::route;
namespace config = switchyard::config;

namespace {

std::string decides(const AccessList& list, const std::string& client) {
    const auto* const entry = list.deciding(client == "unix" ? ClientAddress{} : ClientAddress::parse(client));
    return entry == nullptr ? "nobody" : (entry->allows ? "allow " : "deny ") + entry->text;
}

bool admits(const AccessList& list, const std::string& client) {
    return list.admits(client == "unix" ? ClientAddress{} : ClientAddress::parse(client));
}

}  // namespace

TEST_CASE("the narrowest block that the client is in decides") {
    const AccessList list(
        {.allow = {"10.0.0.0/8", "10.1.2.3", "2001:db8::/32"}, .deny = {"10.1.0.0/16", "2001:db8::1"}});
    CHECK(decides(list, "10.0.0.0") == "allow 10.0.0.0/8");
    CHECK(decides(list, "10.0.255.255") == "allow 10.0.0.0/8");
    CHECK(decides(list, "10.1.0.0") == "deny 10.1.0.0/16");
    CHECK(decides(list, "10.1.2.2") == "deny 10.1.0.0/16");
    CHECK(decides(list, "10.1.2.3") == "allow 10.1.2.3");
    CHECK(decides(list, "10.1.2.4") == "deny 10.1.0.0/16");
    CHECK(decides(list, "10.2.0.0") == "allow 10.0.0.0/8");
    CHECK(decides(list, "11.0.0.0") == "nobody");
    CHECK(decides(list, "::ffff:10.1.2.3") == "allow 10.1.2.3");
    CHECK(decides(list, "2001:db8::1") == "deny 2001:db8::1");
    CHECK(decides(list, "2001:db8::2") == "allow 2001:db8::/32");
    CHECK(decides(list, "unix") == "nobody");
}

TEST_CASE("whom no block names is refused where some are let in, and let in where none are") {
    CHECK_FALSE(admits(AccessList({.allow = {"10.0.0.0/8"}, .deny = {}}), "192.0.2.1"));
    CHECK_FALSE(admits(AccessList({.allow = {"10.0.0.0/8"}, .deny = {}}), "unix"));
    CHECK(admits(AccessList({.allow = {}, .deny = {"10.0.0.0/8"}}), "192.0.2.1"));
    CHECK(admits(AccessList({.allow = {}, .deny = {"10.0.0.0/8"}}), "unix"));
    CHECK(admits(AccessList({.allow = {"unix"}, .deny = {"all"}}), "unix"));
    CHECK_FALSE(admits(AccessList({.allow = {"unix"}, .deny = {"all"}}), "::1"));
    CHECK(admits(AccessList({.allow = {"10.0.0.1", "all"}, .deny = {"10.0.0.0/8"}}), "192.0.2.1"));
    // Those of the other family are named by blocks of their own.
    CHECK(admits(AccessList({.allow = {}, .deny = {"::/0"}}), "10.0.0.1"));
    CHECK(admits(AccessList({.allow = {}, .deny = {"0.0.0.0/0"}}), "::1"));
    CHECK_FALSE(admits(AccessList({.allow = {}, .deny = {"255.255.255.255", "ffff::/16"}}), "255.255.255.255"));
    CHECK_FALSE(admits(AccessList({.allow = {}, .deny = {"::ffff:10.0.0.0/104"}}), "10.1.2.3"));
    CHECK(AccessList::made_of({}) == nullptr);
    // The same block twice: no client is let in by a slip.
    CHECK_FALSE(admits(AccessList({.allow = {"10.0.0.0/8"}, .deny = {"::ffff:10.0.0.0/104"}}), "10.1.2.3"));
    CHECK_FALSE(admits(AccessList({.allow = {"::ffff:10.0.0.0/104"}, .deny = {"10.0.0.0/8"}}), "10.1.2.3"));
}

TEST_CASE("halving agrees with looking at every block") {
    std::mt19937 random(7);
    const auto drawn = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
    for (int round = 0; round < 400; ++round) {
        const bool v6 = round % 2 == 1;
        // Few bits differ, so that blocks nest and touch.
        const auto address = [&] {
            const auto a = drawn(3) * 64, b = drawn(3) * 85, c = drawn(255);
            return v6 ? "2001:db8::" + std::to_string(a) + ":" + std::to_string(b)
                      : "10." + std::to_string(a) + ".0." + std::to_string(v6 ? b : c);
        };
        config::Access source;
        std::set<std::string> blocks;
        for (std::uint32_t n = drawn(12); n > 0; --n) {
            auto block = *config::Cidr::parse(address());
            block.prefix = static_cast<std::uint8_t>(v6 ? 90 + drawn(38) : drawn(32));
            for (unsigned bit = block.prefix; bit < (v6 ? 128u : 32u); ++bit)
                block.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
            if (blocks.insert(block.text()).second)
                (drawn(1) == 0 ? source.allow : source.deny).push_back(block.text());
        }
        const AccessList list(source);
        for (int asked = 0; asked < 40; ++asked) {
            const std::string client = address();
            std::string expected = "nobody";
            int narrowest = -1;
            for (const auto* texts : {&source.allow, &source.deny})
                for (const auto& text : *texts)
                    if (const auto block = config::Cidr::parse(text);
                        block->contains(std::string_view(client)) && block->prefix > narrowest) {
                        narrowest = block->prefix;
                        expected = (texts == &source.allow ? "allow " : "deny ") + text;
                    }
            CAPTURE(client);
            REQUIRE(decides(list, client) == expected);
        }
    }
}
