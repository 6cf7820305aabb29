// A listener that speaks TLS, before one endpoint, with clients that do.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "exchanges.h"
#include "proxy/net/tls_identity.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_client.h"

namespace switchyard::test {

inline const Authority& root() {
    static const Authority made("root of the test");
    return made;
}

inline std::string fingerprint(const Made& made) {
    std::string why;
    return net::read_tls_identity(made.certificate, made.key, "c", "k", &why)->fingerprint;
}

// A listener that speaks TLS with these certificates, each under the name it stands at.
struct TlsStage {
    ListeningWire endpoint;
    std::vector<Made> made;
    std::string settings;
    std::unique_ptr<Crank> crank;

    explicit TlsStage(std::vector<Made> certificates, std::string more = {}, const std::string& route = {})
        : made(std::move(certificates)), settings(std::move(more)) {
        crank = std::make_unique<Crank>(config(route));
    }
    explicit TlsStage(const std::string& more = {}, const std::string& route = {})
        : TlsStage({root().sign({"a.test"})}, more, route) {}

    std::string config(const std::string& route = {}) const {
        std::string files, names;
        for (std::size_t i = 0; i < made.size(); ++i) {
            const auto file = fmt::format("{:x}", std::hash<std::string>{}(made[i].certificate));
            files += fmt::format(R"({}"c{}": {{"chain": "{}", "key": "{}"}})", i == 0 ? "" : ", ", i,
                                 file_with(file + ".pem", made[i].certificate), file_with(file + ".key", made[i].key));
            names += fmt::format(R"({}"c{}")", i == 0 ? "" : ", ", i);
        }
        const auto listener =
            fmt::format(R"("tls": {{"certificates": [{}]{}{}}})", names, settings.empty() ? "" : ", ", settings);
        return fmt::format(R"({{"certificates": {{{}}}, {})", files,
                           one_route({endpoint.port()}, route, {}, listener).substr(1));
    }
    TlsClient client(const TlsClient::Wishes& wishes = {"a.test", root().certificate(), {}, 0, {}, {}}) {
        return {*crank, crank->client(), wishes};
    }
    Wire accept() { return crank->accept(endpoint); }
    // Gives the request as the endpoint saw it.
    std::string exchange(TlsClient& client, const std::string& request = kGet) {
        client.send(request);
        Wire connection = accept();
        std::string asked = crank->see(connection, "\r\n\r\n");
        crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        client.see("ok");
        client.take();
        return asked;
    }
};

}  // namespace switchyard::test
