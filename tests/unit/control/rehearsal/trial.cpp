// A configuration tried out by workers that no client knows: what is found of listeners and endpoints, and what is
// said.
#include "control/rehearsal/trial.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "config/model.h"
#include "config/parse.h"
#include "proxy/net/descriptor.h"
#include "proxy/net/socket_address.h"
#include "tests/support/certificates.h"

namespace switchyard::control {
namespace {

struct Folder {
    Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path = std::filesystem::temp_directory_path() / "trial-XXXXXX";
};

// Connects are taken by the kernel. Bound without listening, they are refused.
struct Place {
    explicit Place(bool listens) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        switchyard::net::SocketAddress at;
        REQUIRE(switchyard::net::resolve(*config::Address::parse("127.0.0.1:0"), at, nullptr));
        REQUIRE(::bind(fd.get(), at.get(), at.length) == 0);
        at.length = sizeof at.storage;
        REQUIRE(::getsockname(fd.get(), at.get(), &at.length) == 0);
        port = at.port();
        if (listens) REQUIRE(::listen(fd.get(), 16) == 0);
    }
    std::string text() const { return "127.0.0.1:" + std::to_string(port); }
    switchyard::net::Descriptor fd;
    unsigned port = 0;
};

config::Model model_of(const std::string& endpoint, const std::string& listeners,
                       const std::string& certificates = "{}") {
    auto parsed = config::parse(
        R"({"listeners": [)" + listeners + R"(], "certificates": )" + certificates +
        R"(, "upstreams": {"app": {"endpoints": [{"address": ")" + endpoint +
        R"("}], "health": {"type": "tcp", "interval": "100ms"}}}, "routes": [{"name": "app", "split": {"app": 1}}]})");
    REQUIRE_MESSAGE(parsed.model.has_value(), (parsed.errors.empty() ? "" : parsed.errors[0].detail));
    return std::move(*parsed.model);
}

constexpr const char* kListeners = R"({"name": "web", "bind": "127.0.0.1:80"},
    {"name": "told", "bind": "127.0.0.1:81", "proxy_protocol": true},
    {"name": "closed", "bind": "127.0.0.1:82", "access": {"allow": ["10.0.0.0/8"]}},
    {"name": "two", "bind": "127.0.0.1:83", "protocols": ["h2"]})";

TrialOrder order_for(const Folder& folder, EndpointNames up = {}) {
    TrialOrder out;
    out.generation = 7;
    out.workers = 2;
    out.folder = folder.path;
    out.up = std::move(up);
    return out;
}

}  // namespace

TEST_CASE("each listener is asked by its own protocol, each endpoint is checked, and nothing is left") {
    const Folder folder;
    const Place there(true);
    const auto sight = try_out(model_of(there.text(), kListeners), order_for(folder, {{"app", there.text()}}));
    REQUIRE_MESSAGE(sight.has_value(), sight.error().detail);
    CHECK(sight->behind.empty());
    CHECK(sight->all_checked);
    CHECK(sight->listeners.size() == 4);
    CHECK(sight->up == EndpointNames{{"app", there.text()}});
    CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("by TLS: whatever names it answers to, and though it asks for a certificate that is not here") {
    const Folder folder;
    const Place there(true);
    const test::Authority authority("rehearsal");
    const auto made = authority.sign({"app.example"});
    const auto ca = test::file_with("ca.pem", authority.certificate());
    const auto certificates = R"({"a": {"chain": ")" + test::file_with("chain.pem", made.certificate) +
                              R"(", "key": ")" + test::file_with("key.pem", made.key) + R"("}})";
    const auto listener = [&](const std::string& name, const std::string& more) {
        return R"({"name": ")" + name +
               R"(", "bind": "127.0.0.1:443", "tls": {"certificates": ["a"], "strict_sni": true,
            "client": {"mode": "required", "ca": ")" +
               ca + R"("}})" + more + "}";
    };
    auto model = model_of(there.text(), listener("both", ""), certificates);
    for (const char* only : {"h2", "http/1.1"}) {
        model.listeners.push_back(model.listeners.front());
        model.listeners.back().name = only;
        model.listeners.back().protocols = {only};
    }
    const auto sight = try_out(model, order_for(folder));
    REQUIRE_MESSAGE(sight.has_value(), sight.error().detail);
    CHECK(sight->listeners.size() == 3);
}

TEST_CASE("an endpoint that is down for the running program as well is no reason") {
    const Folder folder;
    const Place there(false);
    const auto sight = try_out(model_of(there.text(), kListeners), order_for(folder));
    REQUIRE_MESSAGE(sight.has_value(), sight.error().detail);
    CHECK(sight->down.contains({"app", there.text()}));
}

TEST_CASE("a folder that is not there is said") {
    Folder folder;
    auto order = order_for(folder);
    order.folder += "/nowhere";
    const auto sight = try_out(model_of("127.0.0.1:1", kListeners), order);
    REQUIRE_FALSE(sight.has_value());
    CHECK(sight.error().detail.find("nowhere cannot be opened") != std::string::npos);
}

TEST_CASE("what is said of a trial: the place, and what can be done") {
    TrialSight sight;
    sight.listeners["web"] = "";
    const EndpointNames up{{"app", "a:1"}, {"app", "a:2"}, {"other", "b:1"}};
    const auto said = [&] {
        const auto verdict = verdict_of(sight, up);
        return verdict ? std::string{} : verdict.error().detail;
    };
    CHECK(said().empty());  // none of them is checked by this one
    sight.up = {{"app", "a:2"}, {"other", "b:1"}};
    sight.down[{"app", "a:1"}] = "connection refused";
    CHECK(said().empty());
    sight.up.erase({"app", "a:2"});
    sight.unknown = {{"app", "a:2"}};
    CHECK(said().find("upstream app passes") != std::string::npos);
    CHECK(said().find("; a:1: connection refused; a:2: it has not answered within 20 s") != std::string::npos);
    CHECK(said().find("try again") != std::string::npos);
    sight.listeners["web"] = "answered 503";
    CHECK(said().find("listener web does not answer a request of this version: answered 503") == 0);
    sight.listeners["web"] = "it has not answered within 20 s";
    CHECK(said().find("listener web does not answer") == 0);
    sight.behind = {0, 1};
    CHECK(said().find("its workers 0, 1 have not begun to route within 20 s") == 0);
}

}  // namespace switchyard::control
