// One proxy that speaks HTTP/2 in clear, a client that does, and an HTTP/1 endpoint.
#pragma once

#include <cstdint>
#include <string>

#include "exchanges.h"
#include "tests/support/http2_client.h"

namespace switchyard::test {

inline const std::string kBothProtocols = R"("protocols": ["http/1.1", "h2"])";

struct Http2Stage : Stage {
    explicit Http2Stage(const std::string& route = {}, const std::string& upstream = {}, const std::string& more = {})
        : Stage(1, route, upstream, kBothProtocols + (more.empty() ? "" : ", " + more)),
          client(*crank, Stage::client()) {
        client.turn();
    }
    // The request of this stream as the endpoint sees it, on a connection that is fresh.
    Wire asked(std::string& request) {
        Wire connection = accept();
        request = crank->see(connection, "\r\n\r\n");
        connection.take();
        return connection;
    }
    Http2Client client;
};

inline std::int64_t code(http2::ErrorCode c) {
    return static_cast<std::int64_t>(c);
}

}  // namespace switchyard::test
