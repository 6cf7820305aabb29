// A worker and one endpoint of it, for the laws of forwarding: what reaches the endpoint is read strictly and kept, and
// answered in one of a few manners, in HTTP/1 or HTTP/2.
//
// The whole of proxy/serve runs here, turned by hand on one thread over real loopback sockets.
// Threads: the law's. Owns: the worker, the endpoint's connections.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "law.h"
#include "tests/support/crank.h"
#include "tests/support/http2_client.h"
#include "tests/support/strict_message.h"

namespace switchyard::test {

// With a length; in pieces, with an end of their own; behind a 103; cut off in the middle, which HTTP/1 alone does
// here.
enum class Manner : std::uint8_t { whole, pieces, early, cut };
enum class Speaks : std::uint8_t { http1, http2 };

class Endpoint {
  public:
    explicit Endpoint(Speaks speaks) : speaks_(speaks) {}

    std::vector<StrictMessage> got;
    Manner manner = Manner::whole;

    std::uint16_t port() const { return listening_.port(); }
    // Takes what is whole, and answers it.
    void serve(Crank& crank) {
        for (Wire wire = listening_.accept(); wire.is_open(); wire = listening_.accept()) {
            if (speaks_ == Speaks::http1)
                wires_.push_back(std::move(wire));
            else
                peers_.push_back(std::make_unique<Peer>(crank, std::move(wire)));
        }
        for (Wire& wire : wires_) serve(wire);
        for (auto& peer : peers_) serve(*peer);
        std::erase_if(wires_, [](const Wire& wire) { return !wire.is_open() || wire.ended || wire.cut; });
    }
    // The clients are gone. A connection that is kept stands at a border of messages, and may serve the next.
    void rest(Crank& crank) {
        serve(crank);
        for (const Wire& wire : wires_) LAW(wire.seen.empty());
        peers_.clear();
    }

  private:
    struct Peer {
        Peer(Crank& crank, Wire wire) : frames(Http2Client::Endpoint{}, crank, std::move(wire)) {}
        Http2Client frames;
        std::uint32_t next = 1;  // stream
    };

    void serve(Wire& wire) {
        wire.read();
        while (wire.is_open() && !wire.seen.empty()) {
            auto result = read_strict_request(wire.seen);
            LAW(result.outcome != StrictResult::Outcome::bad);
            if (result.outcome == StrictResult::Outcome::partial) break;
            wire.seen.erase(0, result.message.size);
            got.push_back(std::move(result.message));
            wire.write(answer(got.back().method));
            if (manner == Manner::cut) wire.close();
        }
    }
    std::string answer(std::string_view method) const {
        if (method == "CONNECT") return "HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nok";
        const std::string body = method == "HEAD" ? "" : "ok";
        switch (manner) {
            case Manner::whole:
                break;
            case Manner::pieces:
                return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                       (body.empty() ? "" : "2\r\n" + body + "\r\n0\r\n\r\n");
            case Manner::early:
                return "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n" + body;
            case Manner::cut:
                return "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + body;
        }
        return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body;
    }

    void serve(Peer& peer) {
        for (;; peer.next += 2) {
            const auto& asked = peer.frames.now(peer.next);
            if (asked.reset >= 0) continue;
            if (!asked.ended) return;
            take(asked);
            answer(peer.frames, peer.next, got.back().method == "HEAD");
        }
    }
    void take(const Http2Client::Answer& asked) {
        // Of a connection, and never in HTTP/2 (RFC 9113 §8.2.2); Host has become :authority.
        constexpr std::string_view kNever[] = {"connection",       "transfer-encoding", "keep-alive", "upgrade",
                                               "proxy-connection", "http2-settings",    "host"};
        StrictMessage message;
        message.method = asked.get(":method");
        message.target = asked.get(":path");
        message.body = asked.body;
        message.fields.emplace_back("host", asked.get(":authority"));
        for (const auto& [name, value] : asked.heads[0]) {
            LAW(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
            LAW(std::ranges::find(kNever, name) == std::end(kNever));
            LAW(name != "te" || value == "trailers");
            if (!name.starts_with(':')) message.fields.emplace_back(name, value);
        }
        got.push_back(std::move(message));
    }
    void answer(Http2Client& to, std::uint32_t stream, bool head) const {
        const bool early = manner == Manner::early, pieces = manner == Manner::pieces;
        if (early) to.headers(stream, {{":status", "103"}, {"link", "</a>"}}, false);
        to.headers(stream, {{":status", early ? "404" : "200"}}, head);
        if (head) return;
        to.data(stream, "o");
        to.data(stream, "k", !pieces);
        if (pieces) to.headers(stream, {{"x-sum", "1"}});
    }

    Speaks speaks_;
    ListeningWire listening_;
    std::vector<Wire> wires_;
    std::vector<std::unique_ptr<Peer>> peers_;
};

struct World {
    Endpoint endpoint;
    Crank crank;

    explicit World(Speaks speaks, const std::string& listener = {})
        : endpoint(speaks),
          crank(one_route({endpoint.port()}, R"("allow_trailers": ["x-sum"], "limits": {"body": "64KiB"})",
                          speaks == Speaks::http2 ? R"("protocol": "h2")" : "", listener)) {}

    void begin(Manner manner) {
        endpoint.manner = manner;
        endpoint.got.clear();
    }
    // Until nothing moves. `look`: turns the client; how much it has seen.
    template <typename Look>
    void settle(Look look) {
        for (int quiet = 0; quiet < 3; ++quiet) {
            const auto got = endpoint.got.size();
            const auto seen = look();
            endpoint.serve(crank);
            crank.turn();
            if (endpoint.got.size() != got || look() != seen) quiet = 0;
        }
    }
    // The client leaves: nothing of it is left.
    void leave(Wire& client) {
        client.reset();
        crank.turn();
        endpoint.serve(crank);
        if (crank.sessions() != 0) crank.pass(200'000);
        LAW(crank.sessions() == 0);
        endpoint.rest(crank);
        crank.turn();
        LAW(crank.context.active_exchanges == 0);
        LAW(crank.context.http2.exchanges == 0 && crank.context.http2.unstarted == 0);
    }
};

}  // namespace switchyard::test
