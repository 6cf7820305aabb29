// Endpoints that speak HTTP/2 in clear, and clients that speak HTTP/1 or, on request, HTTP/2.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exchanges.h"
#include "tests/support/http2_client.h"

namespace switchyard::test {

struct SharedStage : Stage {
    explicit SharedStage(const std::string& route = {}, const std::string& upstream = {}, std::size_t count = 1)
        : Stage(count, route, R"("protocol": "h2")" + (upstream.empty() ? "" : ", " + upstream),
                R"("protocols": ["http/1.1", "h2"])") {}

    std::unique_ptr<Http2Client> endpoint(std::size_t which = 0, std::string_view settings = {}) {
        return std::make_unique<Http2Client>(Http2Client::Endpoint{}, *crank, accept(which), settings);
    }
    bool connects(std::size_t which = 0) {
        crank->turn();
        kept.push_back(endpoints[which]->accept());
        return kept.back().is_open();
    }
    std::unique_ptr<Http2Client> client2() { return std::make_unique<Http2Client>(*crank, client()); }
    Wire ask(const std::string& request = kGet) {
        Wire wire = client();
        crank->send(wire, request);
        return wire;
    }
    std::vector<Wire> kept;
};

// A request of this stream is here, as far as its head.
inline const Http2Client::Answer& asked(Http2Client& endpoint, std::uint32_t stream) {
    endpoint.until("a request", [&] { return !endpoint.now(stream).heads.empty(); });
    return endpoint.now(stream);
}

inline void answer_ok(Http2Client& endpoint, std::uint32_t stream) {
    endpoint.headers(stream, {{":status", "200"}, {"content-length", "2"}}, false);
    endpoint.data(stream, "ok", true);
}

// SETTINGS_MAX_CONCURRENT_STREAMS.
inline std::string max_streams(std::uint32_t number) {
    return std::string("\0\3", 2) + h2_number(number);
}

}  // namespace switchyard::test
