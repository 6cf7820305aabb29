// The law of TLS: however the records of a client are cut and put together on their way, what reaches the endpoint is
// what was said, octet by octet, and all of it where all of it came; and nothing behind an end that was said
// (close_notify), or behind a record that was damaged.
//
// The whole of proxy/serve runs here, turned by hand on one thread over real loopback sockets.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "law.h"
#include "tests/support/certificates.h"
#include "tests/support/strict_message.h"
#include "tests/support/tls_client.h"

using namespace switchyard::test;
using Outcome = StrictResult::Outcome;

namespace {

struct World {
    Authority root{"root of the law"};
    ListeningWire endpoint;
    Crank crank;

    World() : crank(config(root.sign({"a.test"}), endpoint.port())) {}

    static std::string config(const Made& made, std::uint16_t port) {
        return fmt::format(R"({{"certificates": {{"a": {{"chain": "{}", "key": "{}"}}}}, {})",
                           file_with("law.pem", made.certificate), file_with("law.key", made.key),
                           one_route({port}, {}, {}, R"("tls": {"certificates": ["a"]})").substr(1));
    }
};

// One client, and what the endpoint has of it.
struct Talk {
    World& world;
    TlsClient client;
    std::size_t length;     // of the body that is announced
    std::string said;       // of the body
    std::string held = {};  // ciphertext that is on its way
    std::size_t meant;      // so much of the body may arrive: what was said before an end, or before damage
    bool spoilt = false;    // not all that was said is to arrive
    bool damaged = false;   // once: twice might mend it
    Wire asked = {};

    Talk(World& in, std::size_t body)
        : world(in),
          client(in.crank, in.crank.client(), {"a.test", in.root.certificate(), {}, 0, {}, {}}),
          length(body),
          meant(body) {
        LAW(client.handshake());
        client.outward = [this](std::string piece) {
            held += piece;
            return std::string();
        };
        client.put(fmt::format("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", length));
    }
    void say(std::size_t octets) {
        octets = std::min(octets, length - said.size());
        if (octets == 0) return;
        const std::size_t from = said.size();
        for (std::size_t i = 0; i < octets; ++i) said += static_cast<char>('a' + (from + i) % 23);
        client.put(std::string_view(said).substr(from));
    }
    void spoil() {
        if (!spoilt) meant = said.size();
        spoilt = true;
    }
    void deliver(std::size_t octets) {
        const std::string piece = held.substr(0, octets);
        held.erase(0, piece.size());
        for (std::size_t at = 0; at < piece.size() && !client.wire.cut;) {
            at += client.wire.write(std::string_view(piece).substr(at));
            look();
        }
    }
    void look() {
        world.crank.turn();
        if (!asked.is_open()) asked = world.endpoint.accept();
        if (asked.is_open()) asked.read();
    }
    // What has arrived was said, and was meant to arrive.
    void check() const {
        const auto head = asked.seen.find("\r\n\r\n");
        if (head == std::string::npos) return;
        const std::string_view body = std::string_view(asked.seen).substr(head + 4);
        LAW(body.size() <= meant);
        LAW(std::string_view(said).starts_with(body));
    }
};

}  // namespace

// Byte 0: how long the body is. Then pairs: what is done, and how much of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 1024) return 0;
    static World world;
    {
        Talk talk(world, 1 + data[0] * 97u);
        for (std::size_t at = 1; at + 2 <= size; at += 2) {
            const std::size_t how = data[at + 1];
            switch (data[at] % 16) {
                case 0:
                    talk.spoil();
                    talk.client.end();
                    talk.client.speak_on();
                    break;
                case 1:
                    if (talk.held.empty() || std::exchange(talk.damaged, true)) break;
                    talk.spoil();
                    talk.held[how % talk.held.size()] ^= static_cast<char>(1u << how % 8);
                    break;
                case 2:
                case 3:
                case 4:
                case 5:
                    talk.deliver(1 + how);
                    break;
                case 6:
                    talk.deliver(1 + how * 64);
                    break;
                default:
                    talk.say(1 + how * how / 8);
            }
            talk.check();
        }
        talk.say(talk.length);
        talk.deliver(talk.held.size());
        const bool whole = !talk.spoilt || talk.meant == talk.length;
        for (int quiet = 0; quiet < 3; ++quiet) {
            const auto before = talk.asked.seen.size();
            talk.look();
            if (talk.asked.seen.size() != before) quiet = 0;
        }
        talk.check();
        const auto got = read_strict_request(talk.asked.seen);
        LAW(got.outcome != Outcome::bad);
        if (!talk.spoilt) LAW(got.outcome == Outcome::whole);
        if (got.outcome == Outcome::whole) {
            LAW(whole && got.message.body == talk.said);
            world.crank.send(talk.asked, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            if (!talk.spoilt) talk.client.see("\r\n\r\nok");
        }
        talk.client.wire.reset();
        talk.asked.close();
    }
    world.crank.turn();
    if (world.crank.sessions() != 0) world.crank.pass(200'000);
    LAW(world.crank.sessions() == 0);
    LAW(world.crank.context.active_exchanges == 0);
    return 0;
}
