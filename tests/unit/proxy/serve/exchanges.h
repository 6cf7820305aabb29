// Small steps of a conversation that many tests take.
#pragma once

#include <string>
#include <vector>

#include "proxy/http/characters.h"
#include "tests/support/crank.h"

namespace switchyard::test {

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

inline std::string post(const std::string& body = "hello") {
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// One proxy and as many endpoints as asked for, all of the one upstream.
struct Stage {
    std::vector<std::unique_ptr<ListeningWire>> endpoints;
    std::unique_ptr<Crank> crank;

    explicit Stage(std::size_t count = 1, const std::string& route = {}, const std::string& upstream = {},
                   const std::string& listener = {}) {
        std::vector<std::uint16_t> ports;
        for (std::size_t i = 0; i < count; ++i) {
            endpoints.push_back(std::make_unique<ListeningWire>());
            ports.push_back(endpoints.back()->port());
        }
        crank = std::make_unique<Crank>(one_route(ports, route, upstream, listener));
    }
    Wire client(std::string_view address = "127.0.0.1") { return crank->client(address); }
    Wire accept(std::size_t endpoint = 0) { return crank->accept(*endpoints[endpoint]); }
    // The connection on whichever endpoint it comes in; `which` says on which.
    Wire accept_any(std::size_t& which) {
        Wire out;
        crank->until("a connection to any endpoint", [&] {
            for (which = 0; which < endpoints.size(); ++which) {
                out = endpoints[which]->accept();
                if (out.is_open()) return true;
            }
            return false;
        });
        return out;
    }
    // A request goes through, and its connection to the endpoint is kept: gives the endpoint's end of it.
    Wire kept_connection(Wire& from, const std::string& request = kGet) {
        crank->send(from, request);
        Wire connection = accept();
        answer(connection, from, request);
        return connection;
    }
    // As before; and the endpoint has shown that it lets connections wait, so that a POST goes out on it too.
    Wire trusted_connection(Wire& from) {
        Wire connection = kept_connection(from, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        crank->pass(switchyard::upstream::Patience::kProofMs);
        crank->send(from, kGet);
        answer(connection, from, kGet);
        return connection;
    }
    void answer(Wire& connection, Wire& client, const std::string& request) {
        crank->see(connection, request.substr(request.find("\r\n\r\n")));
        connection.take();
        crank->send(connection, kOk);
        crank->see(client, "ok");
        client.take();
    }
    std::uint32_t in_flight() {
        std::uint32_t sum = 0;
        for (const auto& upstream : crank->context.in_force->snapshot->upstreams)
            for (const auto& endpoint : upstream->endpoints) sum += endpoint.state->in_flight.load();
        return sum;
    }
};

inline std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++n;
    return n;
}

// The values of all lines of that name in a head, whatever its case, joined by '|'; "-" when there is none.
inline std::string values(const std::string& head, const std::string& name) {
    std::string out;
    bool any = false;
    const auto end = head.find("\r\n\r\n");
    for (auto at = head.find("\r\n"); at < end; at = head.find("\r\n", at + 2)) {
        const std::string_view line = std::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const auto colon = line.find(':');
        if (colon == line.npos || !http::equals_ignoring_case(line.substr(0, colon), name)) continue;
        out += (any ? "|" : "") + std::string(http::trim(line.substr(colon + 1)));
        any = true;
    }
    return any ? out : "-";
}

inline std::string status_of(const std::string& answer) {
    return answer.size() < 12 ? "none" : answer.substr(9, 3);
}

}  // namespace switchyard::test
