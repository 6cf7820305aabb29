// Endpoints behind unix sockets: found, asked, kept, and told apart in what clients and logs see.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "exchanges.h"

using namespace switchyard::test;

TEST_CASE("an endpoint on a unix socket serves over a kept connection, and a missing one is 502") {
    std::string folder = (std::filesystem::temp_directory_path() / "unix-endpoint-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const std::string path = folder + "/app.sock";
    const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening, 8) == 0);

    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {"app": {"endpoints":
                [{"address": "unix:)" +
                path + R"("}], "health": {"type": "none"}}}, "routes": [{"name": "all", "split": {"app": 1},
                "debug_headers": true}]})");
    Wire client = crank.client();
    Wire endpoint;
    for (int i = 0; i < 2; ++i) {
        crank.send(client, kGet);
        if (i == 0)
            crank.until("a connection to the unix socket", [&] {
                endpoint = Wire(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
                return endpoint.is_open();
            });
        crank.see(endpoint, "\r\n\r\n");
        endpoint.take();
        crank.send(endpoint, kOk);
        const auto seen = crank.see(client, "ok");
        CHECK(status_of(seen) == "200");
        CHECK(seen.find("endpoint=unix:" + path) != seen.npos);
        client.take();
    }
    endpoint.close();
    ::close(listening);
    ::unlink(path.c_str());
    crank.turn();
    crank.send(client, kGet);
    CHECK(status_of(crank.see(client, "}\n")) == "502");
    std::filesystem::remove_all(folder);
}
