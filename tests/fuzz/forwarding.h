// The law of forwarding from HTTP/1: whatever a client sends, in whatever pieces, what reaches the endpoint is a
// sequence of requests that an independent strict reader accepts, each of them one that was meant: no more of them than
// the client sent, in its order, with its method, target, host and body. And the same backwards: what the client gets
// is a sequence of strict responses, no more than it made requests.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "answers.h"
#include "endpoint.h"

namespace switchyard::test {

// Byte 0: how the endpoint answers; byte 1: how many pieces; the rest is what the client sends.
inline void check_forwarding(World& world, const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 8192) return;
    world.begin(static_cast<Manner>(data[0] % 3));
    const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t piece = 1 + bytes.size() / (1 + data[1] % 4u);

    Wire client = world.crank.client();
    for (std::size_t at = 0; at < bytes.size() && !client.cut; at += piece) {
        world.crank.send(client, std::string_view(bytes).substr(at, piece));
        world.endpoint.serve(world.crank);
        world.crank.turn();
    }
    world.settle([&] {
        client.read();
        return client.seen.size();
    });

    // Forwards: each message that arrived is one that the strict reader sees in the client's bytes, in order.
    std::string_view rest = bytes;
    for (const StrictMessage& got : world.endpoint.got) {
        for (int i = 0; i < 2 && rest.starts_with("\r\n"); ++i) rest.remove_prefix(2);
        // Chunk extensions, an absent Host in HTTP/1.0 and absolute targets are the proxy's to clean up; there the
        // strict reader of the original cannot follow, and the forwarded message's own strictness is all there is.
        const auto meant = read_strict_request(rest);
        if (meant.outcome != StrictResult::Outcome::whole) break;
        if (got.method != meant.message.method)
            std::fprintf(stderr, "%s %s arrived where %s %s was meant\n", got.method.c_str(), got.target.c_str(),
                         meant.message.method.c_str(), meant.message.target.c_str());
        LAW(got.method == meant.message.method);
        LAW(got.body == meant.message.body);
        if (meant.message.target.starts_with('/')) LAW(got.target == meant.message.target);
        LAW(got.values("host").size() == 1);
        if (!meant.message.target.starts_with("http")) LAW(got.values("host") == meant.message.values("host"));
        rest.remove_prefix(meant.message.size);
    }

    // Backwards: strict responses, each either of a request that arrived or a refusal of the proxy's own.
    std::vector<std::string> arrived;
    for (const StrictMessage& got : world.endpoint.got) arrived.push_back(got.method);
    check_answers(client.seen, client.ended, arrived);
    world.leave(client);
}

}  // namespace switchyard::test
