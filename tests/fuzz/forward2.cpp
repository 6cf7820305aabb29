// The law of forwarding from HTTP/2: of whatever is sent on a stream no more than one request reaches an endpoint of
// HTTP/1, one that a strict reader accepts, with the method, the target, the host, the fields and the body that were
// meant; an answer ends as a whole only where it was one; and who comes next on the same connection is served.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "endpoint.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::FrameType;

namespace {

constexpr std::uint32_t kMeant = 1, kNext = 3;

// As it is, without Huffman and the tables.
std::string literal(std::string_view name, std::string_view value) {
    std::string out(1, '\0');
    for (const auto text : {name, value}) (out += static_cast<char>(text.size())) += text;
    return out;
}

// Of these the proxy says its own, or says them in the way of HTTP/1.
bool is_ours(std::string_view name) {
    constexpr std::string_view kOurs[] = {
        "via",        "forwarded", "x-request-id", "host",   "content-length", "transfer-encoding",
        "connection", "upgrade",   "te",           "cookie", "trailer",        "max-forwards"};
    return std::ranges::find(kOurs, name) != std::end(kOurs) || name.starts_with("x-forwarded-") ||
           name.starts_with("sec-websocket-");
}

// A field that means nothing to the proxy: an "x-" and what is no name of its own, nor one that servers take for
// another.
bool is_anybodys(std::string_view name) {
    return name.starts_with("x-a") && name.find('_') == name.npos;
}

void settle(World& world, Http2Client& client) {
    world.settle([&] {
        client.turn();
        return client.frames.size();
    });
}

}  // namespace

// Byte 0: how the endpoint answers, and whether the usual pseudo fields are said for it; byte 1: in how many pieces the
// body comes; then fields, "name length, value length, name, value" up to a name of 255; then the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 8192) return 0;
    static World world(Speaks::http1, R"("protocols": ["h2"])");
    world.begin(static_cast<Manner>(data[0] & 3));
    std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    Pairs fields;
    if ((data[0] & 4) != 0) fields = h2_request((data[0] & 8) != 0 ? "POST" : "GET", "/a");
    while (rest.size() >= 2 && rest[0] != '\xff') {
        const auto name_size = static_cast<unsigned char>(rest[0]) % 64u,
                   value_size = static_cast<unsigned char>(rest[1]) % 127u;
        rest.remove_prefix(2);
        const std::string name(rest.substr(0, name_size));
        rest.remove_prefix(name.size());
        fields.emplace_back(name, rest.substr(0, value_size));
        rest.remove_prefix(fields.back().second.size());
    }
    const std::string body(rest.empty() ? rest : rest.substr(1));
    std::string block, method, path, host;
    for (const auto& [name, value] : fields) {
        block += literal(name, value);
        if (name == ":method") method = value;
        if (name == ":path") path = value;
        if (name == ":authority" || (name == "host" && host.empty())) host = value;
    }

    Http2Client client(world.crank, world.crank.client());
    const std::uint8_t end = body.empty() ? http2::kEndStream : std::uint8_t{0};
    client.send(h2_frame(FrameType::headers, http2::kEndHeaders | end, kMeant, block));
    const std::size_t pieces = 1 + data[1] % 4u;
    const std::size_t piece = 1 + body.size() / pieces;
    for (std::size_t at = 0; at < body.size(); at += piece) {
        client.data(kMeant, body.substr(at, piece), at + piece >= body.size());
        world.endpoint.serve(world.crank);
    }
    settle(world, client);
    const bool tunnel = method == "CONNECT";
    LAW(world.endpoint.got.size() <= 1);
    for (const auto& got : world.endpoint.got) {
        LAW(got.method == (tunnel ? "GET" : method));
        LAW(got.target == path);
        LAW(got.values("host") == std::vector<std::string>{host});
        // What came before a body turned out to be longer than was said may have gone on as the whole that it was then:
        // of one that was said to be empty that is the head.
        const bool longer = (pieces > 1 || got.body.empty()) && body.starts_with(got.body) &&
                            got.values("content-length") == std::vector{std::to_string(got.body.size())};
        LAW(tunnel || got.body == body || longer);
        LAW(got.values("connection").empty() == !tunnel);
        for (const auto& field : got.fields)
            LAW(is_ours(field.first) || std::ranges::find(fields, field) != fields.end());
        for (const auto& field : fields)
            LAW(!is_anybodys(field.first) || std::ranges::find(got.fields, field) != got.fields.end());
    }
    const auto& answer = client.now(kMeant);
    if (answer.ended && answer.status(answer.heads.size() - 1) == "200")
        LAW(world.endpoint.manner != Manner::cut || method == "HEAD");

    // Whatever that was: the next one is served, if the connection has not been ended for it.
    if (client.goaway < 0) {
        world.begin(Manner::whole);
        client.send(h2_frame(FrameType::headers, http2::kEndHeaders | http2::kEndStream, kNext,
                             h2_block(h2_request("GET", "/next"))));
        settle(world, client);
        LAW(world.endpoint.got.size() == 1 && world.endpoint.got[0].target == "/next" &&
            world.endpoint.got[0].body.empty());
        LAW(client.now(kNext).ended && client.now(kNext).body == "ok");
    }
    world.leave(client.wire);
    return 0;
}
