// The law of forwarding: whatever a client sends, in whatever pieces, what reaches the endpoint is a sequence of
// requests that an independent strict reader accepts, each of them one that was meant: no more of them than the client
// sent, in its order, with its method and its body. And the same backwards: what the client gets is a sequence of
// strict responses, no more than it made requests.
//
// The whole of proxy/serve runs here, turned by hand on one thread over real loopback sockets.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "answers.h"
#include "law.h"
#include "tests/support/crank.h"
#include "tests/support/strict_message.h"

using namespace switchyard::test;
using Outcome = StrictResult::Outcome;

namespace {

// The endpoint: reads strictly, answers what it understood.
struct Endpoint {
    ListeningWire listening;
    std::vector<Wire> wires;
    std::vector<StrictMessage> got;
    std::uint8_t manner = 0;

    void serve() {
        for (Wire wire = listening.accept(); wire.is_open(); wire = listening.accept())
            wires.push_back(std::move(wire));
        for (auto& wire : wires) {
            wire.read();
            while (!wire.seen.empty()) {
                auto result = read_strict_request(wire.seen);
                LAW(result.outcome != Outcome::bad);
                if (result.outcome == Outcome::partial) break;
                wire.seen.erase(0, result.message.size);
                got.push_back(std::move(result.message));
                wire.write(answer(got.back()));
            }
        }
    }
    std::string answer(const StrictMessage& request) const {
        const std::string body = request.method == "HEAD" ? "" : "ok";
        if (request.method == "CONNECT") return "HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nok";
        const std::string chunks = body.empty() ? "" : "2\r\nok\r\n0\r\n\r\n";
        if (manner % 3 == 1) return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
        if (manner % 3 == 2) return "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n" + body;
        return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body;
    }
};

Endpoint* endpoint = nullptr;
Crank* crank = nullptr;

void set_up() {
    if (crank != nullptr) return;
    endpoint = new Endpoint;
    crank = new Crank(
        one_route({endpoint->listening.port()}, R"("allow_trailers": ["x-sum"], "limits": {"body": "64KiB"})"));
}

}  // namespace

// Byte 0: how the endpoint answers; byte 1: how many pieces; the rest is what the client sends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 8192) return 0;
    set_up();
    endpoint->manner = data[0];
    endpoint->got.clear();
    const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t piece = 1 + bytes.size() / (1 + data[1] % 4u);

    Wire client = crank->client();
    for (std::size_t at = 0; at < bytes.size() && !client.cut; at += piece) {
        crank->send(client, std::string_view(bytes).substr(at, piece));
        endpoint->serve();
        crank->turn();
    }
    for (int quiet = 0; quiet < 3; ++quiet) {
        const auto before = endpoint->got.size();
        const auto seen = client.seen.size();
        endpoint->serve();
        crank->turn();
        client.read();
        if (endpoint->got.size() != before || client.seen.size() != seen) quiet = 0;
    }

    // Forwards: each message that arrived is one that the strict reader sees in the client's bytes, in order.
    std::string_view rest = bytes;
    for (const auto& got : endpoint->got) {
        for (int i = 0; i < 2 && rest.starts_with("\r\n"); ++i) rest.remove_prefix(2);
        // Chunk extensions, an absent Host in HTTP/1.0 and absolute targets are the proxy's to clean up; there the
        // strict reader of the original cannot follow, and the forwarded message's own strictness is all there is.
        const auto meant = read_strict_request(rest);
        if (meant.outcome != Outcome::whole) break;
        LAW(got.method == meant.message.method);
        LAW(got.body == meant.message.body);
        if (meant.message.target.starts_with('/')) LAW(got.target == meant.message.target);
        LAW(got.values("host").size() == 1);
        if (!meant.message.target.starts_with("http")) LAW(got.values("host") == meant.message.values("host"));
        rest.remove_prefix(meant.message.size);
    }

    // Backwards: strict responses, each either of a request that arrived or a refusal of the proxy's own.
    std::vector<std::string> arrived;
    for (const auto& got : endpoint->got) arrived.push_back(got.method);
    check_answers(client.seen, client.ended, arrived);

    client.reset();
    crank->turn();
    std::erase_if(endpoint->wires, [](const Wire& wire) { return wire.ended || wire.cut; });
    if (crank->sessions() != 0) {
        crank->pass(200'000);
        LAW(crank->sessions() == 0);
    }
    // A connection with half a request on it is of no more use; one at a border may serve the next input.
    endpoint->serve();
    std::erase_if(endpoint->wires, [](const Wire& wire) { return wire.ended || wire.cut; });
    for (const auto& wire : endpoint->wires) LAW(wire.seen.empty());
    LAW(crank->context.active_exchanges == 0);
    return 0;
}
