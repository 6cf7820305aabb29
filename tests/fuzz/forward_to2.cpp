// The law of forwarding to HTTP/2: whatever a client of HTTP/1 sends, in whatever pieces, what reaches an endpoint of
// HTTP/2 is a sequence of requests that were meant: no more of them than the client sent, in its order, with its
// method, target, host and body, and without a field of the connection that they came by. What the client gets is a
// sequence of strict responses, no more than it made requests.
//
// The whole of proxy/serve runs here, turned by hand on one thread over real loopback sockets.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "answers.h"
#include "law.h"
#include "tests/support/http2_client.h"

using namespace switchyard::test;
using Outcome = StrictResult::Outcome;
using Answer = Http2Client::Answer;

namespace {

// Of a connection, and never in HTTP/2 (RFC 9113 §8.2.2); Host has become :authority.
constexpr std::string_view kNever[] = {"connection",       "transfer-encoding", "keep-alive", "upgrade",
                                       "proxy-connection", "http2-settings",    "host"};

struct Request {
    std::string method, target, host, body;
};

// The endpoint: takes what is whole, and answers it.
struct Endpoint {
    struct Peer {
        Peer(Crank& crank, Wire wire) : frames(Http2Client::Endpoint{}, crank, std::move(wire)) {}
        Http2Client frames;
        std::uint32_t next = 1;  // stream
    };
    ListeningWire listening;
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<Request> got;
    std::uint8_t manner = 0;

    void serve(Crank& crank) {
        for (Wire wire = listening.accept(); wire.is_open(); wire = listening.accept())
            peers.push_back(std::make_unique<Peer>(crank, std::move(wire)));
        for (auto& peer : peers) {
            for (;; peer->next += 2) {
                const Answer& asked = peer->frames.now(peer->next);
                if (asked.reset >= 0) continue;
                if (!asked.ended) break;
                take(asked);
                answer(peer->frames, peer->next, got.back().method == "HEAD");
            }
        }
    }
    void take(const Answer& asked) {
        for (const auto& [name, value] : asked.heads[0]) {
            LAW(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
            LAW(std::ranges::find(kNever, name) == std::end(kNever));
            LAW(name != "te" || value == "trailers");
        }
        got.push_back({asked.get(":method"), asked.get(":path"), asked.get(":authority"), asked.body});
    }
    void answer(Http2Client& to, std::uint32_t stream, bool head) const {
        if (manner % 3 == 2) to.headers(stream, {{":status", "103"}, {"link", "</a>"}}, false);
        to.headers(stream, {{":status", manner % 3 == 2 ? "404" : "200"}}, head);
        if (head) return;
        to.data(stream, "o");
        to.data(stream, "k", manner % 3 != 1);
        if (manner % 3 == 1) to.headers(stream, {{"x-sum", "1"}});
    }
};

Endpoint* endpoint = nullptr;
Crank* crank = nullptr;

void set_up() {
    if (crank != nullptr) return;
    endpoint = new Endpoint;
    crank = new Crank(one_route({endpoint->listening.port()},
                                R"("allow_trailers": ["x-sum"], "limits": {"body": "64KiB"})", R"("protocol": "h2")"));
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
        endpoint->serve(*crank);
    }
    for (int quiet = 0; quiet < 3; ++quiet) {
        const auto before = endpoint->got.size();
        const auto seen = client.seen.size();
        endpoint->serve(*crank);
        crank->turn();
        client.read();
        if (endpoint->got.size() != before || client.seen.size() != seen) quiet = 0;
    }

    std::string_view rest = bytes;
    std::vector<std::string> arrived;
    for (const auto& got : endpoint->got) arrived.push_back(got.method);
    for (const auto& got : endpoint->got) {
        for (int i = 0; i < 2 && rest.starts_with("\r\n"); ++i) rest.remove_prefix(2);
        const auto meant = read_strict_request(rest);
        // As before endpoints of HTTP/1: where the strict reader of the original cannot follow.
        if (meant.outcome != Outcome::whole) break;
        LAW(got.method == meant.message.method);
        LAW(got.body == meant.message.body);
        if (meant.message.target.starts_with('/')) {
            LAW(got.target == meant.message.target);
            LAW(std::vector{got.host} == meant.message.values("host"));
        }
        rest.remove_prefix(meant.message.size);
    }
    check_answers(client.seen, client.ended, arrived);

    client.reset();
    crank->turn();
    endpoint->serve(*crank);
    if (crank->sessions() != 0) {
        crank->pass(200'000);
        LAW(crank->sessions() == 0);
    }
    endpoint->peers.clear();
    crank->turn();
    LAW(crank->context.active_exchanges == 0);
    return 0;
}
