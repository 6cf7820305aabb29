// One endpoint that speaks TLS, an authority that vouches for it, and a proxy that believes it.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>

#include "exchanges.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_endpoint.h"

namespace switchyard::test {

inline const Authority& inside() {
    static const Authority made("authority of the endpoints");
    return made;
}

inline std::string ca_file() {
    static const std::string file = file_with("inside.pem", inside().certificate());
    return file;
}

inline std::string with_name(const std::string& more = {}) {
    return fmt::format(R"({{"ca": "{}", "server_name": "app.test"{}}})", ca_file(), more);
}

// One endpoint that speaks TLS, and an upstream that believes inside() and asks for app.test.
struct SecureStage {
    ListeningWire listening;
    std::unique_ptr<Crank> crank;
    std::unique_ptr<TlsEndpoint> endpoint;

    explicit SecureStage(const TlsEndpoint::Wishes& wishes = {inside().sign({"app.test"})},
                         const std::string& tls = with_name(), const std::string& route = {}) {
        crank = std::make_unique<Crank>(config(tls, route));
        endpoint = std::make_unique<TlsEndpoint>(*crank, wishes);
    }
    std::string config(const std::string& tls, const std::string& route = {}, const std::string& more = {}) const {
        return one_route({listening.port()}, route, fmt::format(R"("tls": {}{})", tls, more));
    }
    std::unique_ptr<TlsEndpoint::Connection> accept() { return endpoint->accept(listening); }
    Wire ask(const std::string& request = kGet) {
        Wire client = crank->client();
        crank->send(client, request);
        return client;
    }
    // A request goes through on a connection of its own, which is kept.
    std::unique_ptr<TlsEndpoint::Connection> kept_connection(Wire& client) {
        crank->send(client, kGet);
        auto connection = accept();
        REQUIRE(connection->handshake());
        answer(*connection, client);
        return connection;
    }
    void answer(TlsEndpoint::Connection& connection, Wire& client) {
        connection.see("\r\n\r\n");
        connection.take();
        connection.send(kOk);
        crank->see(client, "ok");
        client.take();
    }
    // The handshake fails; the client is told, and the report says why.
    WorkerReport refused(const std::string& detail) {
        Wire client = ask();
        auto connection = accept();
        connection->handshake();
        const auto seen = crank->see(client, "}\n");
        CHECK(status_of(seen) == "502");
        CAPTURE(seen);
        auto report = crank->report();
        REQUIRE(report.endpoints.size() == 1);
        CHECK(report.endpoints[0].refused.find(detail) != std::string::npos);
        CAPTURE(report.endpoints[0].refused);
        CHECK(report.endpoints[0].counts.unreachable == 1);
        return report;
    }
};

}  // namespace switchyard::test
